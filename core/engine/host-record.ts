import type { VariableLayer } from '../inventory/types.ts'
import type { Dict, Value, Variables } from '../language/values.ts'
import type { KnownAccess } from './host/access.ts'

/** What a run knows about one host, from its first task to the end of the run. */
export class HostRecord {
  readonly name: string
  /** Facts as `ansible_facts` holds them: without the prefix. */
  readonly facts: Dict = new Map()
  /** The same as variables: `ansible_facts`, and each fact with the prefix `ansible_`. */
  readonly injected: Variables = new Map([['ansible_facts', this.facts as Value]])
  /** set_fact and register. */
  readonly setFacts: Variables = new Map()
  readonly includeVars: Variables = new Map()
  /** Failed in an earlier play, or in this one and not rescued: no more tasks. */
  failed = false
  unreachable = false
  /** How it was reached last. */
  access: KnownAccess | undefined
  /** Counts variables that came by another way than a task's own `register` and set_fact. */
  generation = 0
  /** Check mode: a task whose undecided result may have brought variables; a missing name is not an error then. */
  missingNames: string | undefined
  readonly #inventory: () => readonly VariableLayer[]
  #layers: readonly VariableLayer[] | undefined

  constructor(name: string, inventory: () => readonly VariableLayer[]) {
    this.name = name
    this.#inventory = inventory
  }

  /** Layers of the inventory, weakest first. */
  get inventoryLayers(): readonly VariableLayer[] {
    this.#layers ??= this.#inventory()
    return this.#layers
  }

  /** After add_host and group_by. */
  forgetInventory(): void {
    this.generation++
    this.#layers = undefined
  }

  /** Facts as modules give them, with or without the prefix. */
  addFacts(facts: Iterable<readonly [string, Value]>): void {
    this.generation++
    for (const [name, value] of facts) {
      const bare = name.startsWith('ansible_') ? name.slice('ansible_'.length) : name
      this.facts.set(bare, value)
      this.injected.set(name.startsWith('ansible_') ? name : `ansible_${name}`, value)
    }
  }

  /** Gathered facts; what set_fact and include_vars set stays, as with Ansible. */
  clearFacts(): void {
    this.generation++
    this.facts.clear()
    this.injected.clear()
    this.injected.set('ansible_facts', this.facts)
  }
}
