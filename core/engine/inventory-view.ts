import type { Inventory } from '../inventory/types.ts'
import type { Value, Variables } from '../language/values.ts'

/** The inventory as variables show it; group lists are made once and dropped when hosts are added. */
export class InventoryView {
  readonly inventory: Inventory
  #groups: Variables | undefined
  #groupNames: Map<string, string[]> | undefined

  constructor(inventory: Inventory) {
    this.inventory = inventory
  }

  hostNames(): string[] {
    return [...this.inventory.hosts.keys()]
  }

  knows(host: string): boolean {
    return this.inventory.hosts.has(host)
  }

  /** `groups`: every group with its hosts. */
  groups(): Variables {
    this.#groups ??= new Map(
      [...this.inventory.groups.keys()].map((name): [string, Value] => [name, [...this.inventory.hostsOf(name)]]),
    )
    return this.#groups
  }

  /** `group_names`: all groups of the host but `all`, sorted. */
  groupNames(host: string): string[] {
    this.#groupNames ??= this.#collect()
    return [...(this.#groupNames.get(host) ?? [])]
  }

  /** For all hosts at once: there may be thousands. */
  #collect(): Map<string, string[]> {
    const names = new Map<string, string[]>()
    for (const group of [...this.inventory.groups.keys()].sort()) {
      if (group === 'all') continue
      for (const host of this.inventory.hostsOf(group)) {
        const list = names.get(host)
        if (list) list.push(group)
        else names.set(host, [group])
      }
    }
    return names
  }

  add(host: string, groups: readonly string[], variables: Variables): void {
    this.inventory.addHost(host, groups, variables)
    this.#groups = undefined
    this.#groupNames = undefined
  }
}
