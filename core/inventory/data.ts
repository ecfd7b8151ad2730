import type { Position } from '../events/types.ts'
import { type Diagnostic, errorAt } from '../language/diagnostic.ts'
import type { Variables } from '../language/values.ts'
import type { VariableLayer } from './types.ts'

export interface HostEntry {
  readonly name: string
  readonly groups: Set<string>
  readonly layers: VariableLayer[]
}

export interface GroupEntry {
  readonly name: string
  readonly children: Set<string>
  readonly parents: Set<string>
  readonly hosts: Set<string>
  readonly layers: VariableLayer[]
  priority: number
}

/** What the sources of an inventory fill, one after the other. */
export class InventoryData {
  readonly hosts = new Map<string, HostEntry>()
  readonly groups = new Map<string, GroupEntry>()
  readonly diagnostics: Diagnostic[] = []

  constructor() {
    this.group('all')
    this.group('ungrouped')
  }

  group(name: string): GroupEntry {
    let group = this.groups.get(name)
    if (!group) {
      group = { name, children: new Set(), parents: new Set(), hosts: new Set(), layers: [], priority: 1 }
      this.groups.set(name, group)
    }
    return group
  }

  host(name: string, group?: string): HostEntry {
    let host = this.hosts.get(name)
    if (!host) {
      host = { name, groups: new Set(), layers: [] }
      this.hosts.set(name, host)
    }
    if (group !== undefined && group !== 'all') {
      this.group(group).hosts.add(name)
      host.groups.add(group)
    }
    return host
  }

  /** Refuses a cycle by naming its members. */
  addChild(parent: string, child: string, at?: Position): void {
    const path = this.#path(child, parent)
    if (path) {
      const circle = [parent, ...path].join(' > ')
      this.diagnostics.push(errorAt('group-cycle', `the groups contain one another: ${circle}`, at))
      return
    }
    if (child === 'all') {
      this.diagnostics.push(errorAt('group-cycle', "'all' cannot be a child of another group", at))
      return
    }
    this.group(parent).children.add(child)
    this.group(child).parents.add(parent)
  }

  /** Groups from one down to another. */
  #path(from: string, to: string): string[] | undefined {
    if (from === to) return [from]
    for (const child of this.groups.get(from)?.children ?? []) {
      const rest = this.#path(child, to)
      if (rest) return [from, ...rest]
    }
    return undefined
  }

  /** Adds to the layer of that origin, or begins one. */
  setVariables(owner: HostEntry | GroupEntry, origin: string, variables: Variables): void {
    if (variables.size === 0) return
    const last = owner.layers.at(-1)
    if (last?.origin === origin) for (const [name, value] of variables) last.variables.set(name, value)
    else owner.layers.push({ origin, variables: new Map(variables) })
    if ('priority' in owner) {
      const priority = variables.get('ansible_group_priority')
      if (priority !== undefined && Number.isInteger(Number(priority))) owner.priority = Number(priority)
    }
  }
}
