import { type DictKey, LazyDict, type Value, variablesOf } from '../../language/index.ts'
import type { Run } from '../run-state.ts'
import { variableLayers } from './layers.ts'
import { MagicVariables } from './magic.ts'
import { LayeredScope } from './scope.ts'

/** `hostvars`: every host of the inventory, its variables resolved in its own scope when they are read. */
export class HostVariables extends LazyDict {
  readonly #run: Run
  readonly #made = new Map<string, LazyDict>()

  constructor(run: Run) {
    super()
    this.#run = run
  }

  protected override load(key: DictKey): Value | undefined {
    if (!this.has(key)) return undefined
    const name = key as string
    let variables = this.#made.get(name)
    if (!variables) {
      variables = variablesOf(hostScope(this.#run, name))
      this.#made.set(name, variables)
    }
    return variables
  }

  protected override list(): Iterable<DictKey> {
    return this.#run.inventory.hostNames()
  }

  override has(key: DictKey): boolean {
    return typeof key === 'string' && (this.#run.inventory.knows(key) || key === 'localhost')
  }
}

/** A host's variables without a play: inventory, facts, extra vars and the magic ones. */
export function hostScope(run: Run, host: string): LayeredScope {
  const magic = new MagicVariables({
    run,
    host,
    check: run.check,
    diff: run.diff,
    hostvars: new Map(),
  })
  const layers = variableLayers({ host: run.hosts.of(host), extraVars: run.request.extraVars, magic })
  return new LayeredScope(layers, run.environment([]))
}
