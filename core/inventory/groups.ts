import type { GroupEntry, HostEntry, InventoryData } from './data.ts'

/** Answers about the graph of groups; made anew after it has changed. */
export class GroupGraph {
  readonly #data: InventoryData
  readonly #depths = new Map<string, number>()
  readonly #ancestors = new Map<string, ReadonlySet<string>>()
  readonly #hosts = new Map<string, readonly string[]>()

  constructor(data: InventoryData) {
    this.#data = data
  }

  /** Longest way down from `all`; groups without a parent stand directly under it. */
  depth(name: string): number {
    if (name === 'all') return 0
    const known = this.#depths.get(name)
    if (known !== undefined) return known
    const parents = [...(this.#data.groups.get(name)?.parents ?? [])]
    const depth = 1 + Math.max(0, ...parents.map((parent) => this.depth(parent)))
    this.#depths.set(name, depth)
    return depth
  }

  /** The group, and all that contain it, `all` excepted. */
  ancestors(name: string): ReadonlySet<string> {
    let result = this.#ancestors.get(name)
    if (!result) {
      const all = new Set([name])
      for (const parent of this.#data.groups.get(name)?.parents ?? [])
        for (const one of this.ancestors(parent)) all.add(one)
      all.delete('all')
      this.#ancestors.set(name, all)
      result = all
    }
    return result
  }

  /** Groups of a host without `all`, weakest first: by depth, then ansible_group_priority, then name. */
  groupsOf(host: HostEntry): GroupEntry[] {
    const names = new Set<string>()
    for (const group of host.groups) for (const name of this.ancestors(group)) names.add(name)
    return this.sort([...names].map((name) => this.#data.group(name)))
  }

  sort(groups: GroupEntry[]): GroupEntry[] {
    return groups.sort(
      (a, b) =>
        this.depth(a.name) - this.depth(b.name) ||
        a.priority - b.priority ||
        (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
    )
  }

  /** Hosts of a group: its own, then those of its children, generation by generation. */
  hostsOf(name: string): readonly string[] {
    if (name === 'all') return [...this.#data.hosts.keys()]
    let result = this.#hosts.get(name)
    if (!result) {
      const groups = new Set([name])
      for (const group of groups) for (const child of this.#data.groups.get(group)?.children ?? []) groups.add(child)
      const hosts = new Set<string>()
      for (const group of groups) for (const host of this.#data.groups.get(group)?.hosts ?? []) hosts.add(host)
      result = [...hosts]
      this.#hosts.set(name, result)
    }
    return result
  }
}
