import { type DictKey, LazyDict, type Value, variablesOf } from '../../language/index.ts'
import type { Run } from '../run-state.ts'
import { variableLayers } from './layers.ts'
import { MagicVariables } from './magic.ts'
import { LayeredScope } from './scope.ts'

/** `hostvars`: every host of the inventory, its variables resolved in its own scope when they are read. */
export class HostVariables extends LazyDict {
  readonly #run: Run

  constructor(run: Run) {
    super()
    this.#run = run
  }

  // A scope remembers what it resolved, and hosts learn new variables: so each look has a scope of its own.
  protected override load(key: DictKey): Value | undefined {
    return this.has(key) ? variablesOf(hostScope(this.#run, key as string)) : undefined
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
