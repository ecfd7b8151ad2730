import type { Value } from '../../language/values.ts'
import type { Layer } from '../variables/scope.ts'

/** A task that runs ahead read what a task before it has yet to tell. */
export class PendingRead extends Error {
  constructor(name: string) {
    super(`'${name}' is not known yet`)
    this.name = 'PendingRead'
  }
}

/** What is held back; both, but for a test. */
export interface PendingGuards {
  readonly results: boolean
  readonly moods: boolean
}

/** Magic variables that tasks before this one may change. */
const MAGIC = new Set(['hostvars', 'play_hosts', 'ansible_play_hosts', 'unreachable_hosts'])

/** Names that tasks before one that runs ahead will register or set; once its turn has come they are known. */
export class Pending {
  readonly #names: ReadonlySet<string>
  readonly #guards: PendingGuards
  #known = false
  /** Something was read that is not known yet, whoever caught the error. */
  touched = false

  constructor(names: ReadonlySet<string>, guards: PendingGuards = { results: true, moods: true }) {
    this.#names = names
    this.#guards = guards
  }

  /** The turn has come. */
  lift(): void {
    this.#known = true
  }

  /** Functions with effects or moods wait. */
  get holdsMoods(): boolean {
    return !this.#known && this.#guards.moods
  }

  get #holdsResults(): boolean {
    return !this.#known && this.#guards.results
  }

  touch(name: string): never {
    this.touched = true
    throw new PendingRead(name)
  }

  /** The layer of what is registered and set, behind which names are pending. */
  results(layer: Layer): Layer {
    return new PendingResults(this, layer)
  }

  magic(layer: Layer): Layer {
    return new PendingMagic(this, layer)
  }

  /** A name of the results is read. */
  readResult(name: string): void {
    if (this.#holdsResults && this.#names.has(name)) this.touch(name)
  }

  /** All names of the results are read. */
  readNames(): void {
    if (this.#holdsResults && this.#names.size > 0) this.touch('vars')
  }

  readMagic(name: string): void {
    if (this.#holdsResults && MAGIC.has(name)) this.touch(name)
  }
}

class PendingResults implements Layer {
  readonly base: Layer
  readonly #pending: Pending

  constructor(pending: Pending, base: Layer) {
    this.#pending = pending
    this.base = base
  }

  get(name: string): Value | undefined {
    this.#pending.readResult(name)
    return this.base.get(name)
  }

  keys(): Iterable<string> {
    this.#pending.readNames()
    return this.base.keys()
  }
}

class PendingMagic implements Layer {
  readonly #pending: Pending
  readonly #layer: Layer

  constructor(pending: Pending, layer: Layer) {
    this.#pending = pending
    this.#layer = layer
  }

  get(name: string): Value | undefined {
    this.#pending.readMagic(name)
    return this.#layer.get(name)
  }

  keys(): Iterable<string> {
    return this.#layer.keys()
  }
}
