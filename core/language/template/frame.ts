import type { Value } from '../values.ts'

const NONE: ReadonlyMap<string, Value> = new Map()

/** Names that a template has set, from the innermost block outwards. */
export class Frame {
  readonly parent: Frame | undefined
  #values: Map<string, Value> | undefined

  constructor(parent?: Frame) {
    this.parent = parent
  }

  get(name: string): Value | undefined {
    const value = this.#values?.get(name)
    return value === undefined ? this.parent?.get(name) : value
  }

  set(name: string, value: Value): void {
    this.#values ??= new Map()
    this.#values.set(name, value)
  }

  /** What this frame itself has set: a module's exports. */
  own(): ReadonlyMap<string, Value> {
    return this.#values ?? NONE
  }

  *names(): Iterable<string> {
    if (this.#values) yield* this.#values.keys()
    if (this.parent) yield* this.parent.names()
  }
}
