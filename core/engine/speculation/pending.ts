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
    return {
      base: layer,
      get: (name) => {
        if (this.#holdsResults && this.#names.has(name)) this.touch(name)
        return layer.get(name)
      },
      keys: () => {
        if (this.#holdsResults && this.#names.size > 0) this.touch('vars')
        return layer.keys()
      },
    }
  }

  magic(layer: Layer): Layer {
    return {
      get: (name): Value | undefined => {
        if (this.#holdsResults && MAGIC.has(name)) this.touch(name)
        return layer.get(name)
      },
      keys: () => layer.keys(),
    }
  }
}
