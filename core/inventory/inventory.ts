import type { Diagnostic } from '../language/index.ts'
import type { Variables } from '../language/values.ts'
import type { GroupEntry, HostEntry, InventoryData } from './data.ts'
import { GroupGraph } from './groups.ts'
import { limitParts, matchPattern } from './pattern.ts'
import type { Inventory, InventoryGroup, InventoryHost, VariableLayer } from './types.ts'
import type { VarsFolder } from './vars-files.ts'

/** group_vars and host_vars of one folder. */
export interface VarsFolders {
  readonly groups: VarsFolder
  readonly hosts: VarsFolder
}

const implicitHost: VariableLayer = {
  origin: 'implicit localhost',
  variables: new Map([
    ['ansible_connection', 'local'],
    ['ansible_host', 'localhost'],
  ]),
}

/** An inventory over its data; what hosts and groups know of one another is worked out when it is asked for, and kept. */
export class LoadedHosts implements Inventory {
  readonly hosts: ReadonlyMap<string, InventoryHost>
  readonly groups: ReadonlyMap<string, InventoryGroup>
  readonly #data: InventoryData
  /** Beside the sources of the inventory, then beside the playbooks. */
  readonly #beside: readonly (readonly VarsFolders[])[]
  #graph: GroupGraph
  readonly #hosts = new Map<string, InventoryHost>()
  readonly #groups = new Map<string, InventoryGroup>()

  constructor(data: InventoryData, besideInventory: readonly VarsFolders[], besidePlaybooks: readonly VarsFolders[]) {
    this.#data = data
    this.#beside = [besideInventory, besidePlaybooks]
    this.#graph = new GroupGraph(data)
    this.hosts = this.#hosts
    this.groups = this.#groups
    for (const host of data.hosts.values()) this.#showHost(host)
    for (const group of data.groups.values()) this.#showGroup(group)
  }

  hostsOf(group: string): readonly string[] {
    return this.#graph.hostsOf(group)
  }

  match(
    pattern: string | readonly string[],
    limit?: string | readonly string[],
  ): { hosts: string[]; diagnostics: Diagnostic[] } {
    const diagnostics: Diagnostic[] = []
    const hosts = matchPattern(pattern, this, diagnostics)
    if (limit === undefined) return { hosts, diagnostics }
    const allowed = new Set(matchPattern(limitParts(limit), this, diagnostics))
    return { hosts: hosts.filter((name) => allowed.has(name)), diagnostics }
  }

  layers(name: string): readonly VariableLayer[] {
    const host = this.#data.hosts.get(name)
    const groups = host ? this.#graph.groupsOf(host) : []
    const names = groups.map((group) => group.name)
    return [
      ...this.#data.group('all').layers,
      ...groups.flatMap((group) => group.layers),
      ...this.#filesOf('groups', ['all']),
      ...this.#filesOf('groups', names),
      ...(host ? host.layers : [implicitHost]),
      ...this.#filesOf('hosts', [name]),
    ]
  }

  addHost(name: string, groups: readonly string[], variables: Variables): void {
    const host = this.#data.host(name)
    for (const group of groups.length > 0 ? groups : host.groups.size > 0 ? [] : ['ungrouped']) {
      this.#data.host(name, group)
      if (group !== 'ungrouped') {
        this.#data.group('ungrouped').hosts.delete(name)
        host.groups.delete('ungrouped')
      }
      if (group !== 'all') this.#showGroup(this.#data.group(group))
    }
    this.#data.setVariables(host, 'add_host', variables)
    this.#graph = new GroupGraph(this.#data)
    this.#showHost(host)
    this.#showGroup(this.#data.group('ungrouped'))
  }

  #filesOf(kind: 'groups' | 'hosts', names: readonly string[]): VariableLayer[] {
    return this.#beside.flatMap((folders) =>
      folders.flatMap((folder) => names.flatMap((name) => folder[kind].layers.get(name) ?? [])),
    )
  }

  #showHost(host: HostEntry): void {
    const sort = (): string[] =>
      this.#graph.sort([...host.groups].map((name) => this.#data.group(name))).map((g) => g.name)
    this.#hosts.set(host.name, {
      name: host.name,
      get groups() {
        return sort()
      },
    })
  }

  #showGroup(group: GroupEntry): void {
    if (this.#groups.has(group.name)) return
    const top = (): string[] =>
      [...this.#data.groups.values()].filter((g) => g.parents.size === 0 && g.name !== 'all').map((g) => g.name)
    this.#groups.set(group.name, {
      name: group.name,
      get children() {
        return group.name === 'all' ? top() : [...group.children]
      },
      get hosts() {
        return [...group.hosts]
      },
      get priority() {
        return group.priority
      },
    })
  }
}
