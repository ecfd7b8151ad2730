import type { Inventory } from '../inventory/types.ts'
import type { Value, Variables } from '../language/values.ts'

/** The inventory as variables show it; group lists are made once and dropped when hosts are added. */
export class InventoryView {
  readonly inventory: Inventory
  #groups: Variables | undefined
  readonly #groupNames = new Map<string, string[]>()

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
    let names = this.#groupNames.get(host)
    if (!names) {
      names = [...this.inventory.groups.keys()].filter(
        (group) => group !== 'all' && this.inventory.hostsOf(group).includes(host),
      )
      names.sort()
      this.#groupNames.set(host, names)
    }
    return names
  }

  add(host: string, groups: readonly string[], variables: Variables): void {
    this.inventory.addHost(host, groups, variables)
    this.#groups = undefined
    this.#groupNames.clear()
  }
}
