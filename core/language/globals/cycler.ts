import { Callable, PythonObject, type Value } from '../values.ts'

/** `cycler('odd', 'even')`: its items in turn. */
export class Cycler extends PythonObject {
  override readonly typeName = 'Cycler'
  readonly #items: readonly Value[]
  #position = 0

  constructor(items: readonly Value[]) {
    super()
    this.#items = items
  }

  override attribute(name: string): Value | undefined {
    switch (name) {
      case 'current':
        return this.#items[this.#position]
      case 'next':
        return new Callable('next', () => {
          const item = this.#items[this.#position]!
          this.#position = (this.#position + 1) % this.#items.length
          return item
        })
      case 'reset':
        return new Callable('reset', () => {
          this.#position = 0
          return null
        })
      default:
        return undefined
    }
  }

  override str(): string {
    return this.repr()
  }

  override repr(): string {
    return '<Cycler>'
  }

  override equals(other: Value): boolean {
    return other === this
  }

  override compare(): undefined {
    return undefined
  }

  override operate(): undefined {
    return undefined
  }
}
