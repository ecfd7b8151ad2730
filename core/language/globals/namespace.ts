import { repr, typeError } from '../python/index.ts'
import { PythonObject, type Value } from '../values.ts'

/** `namespace(found=false)`: names that survive the loop in which they are set. */
export class Namespace extends PythonObject {
  override readonly typeName = 'Namespace'
  readonly #fields: Map<string, Value>

  constructor(fields: ReadonlyMap<string, Value>) {
    super()
    this.#fields = new Map(fields)
  }

  set(name: string, value: Value): void {
    if (name.startsWith('__')) throw typeError(`cannot assign to ${name}`)
    this.#fields.set(name, value)
  }

  override attribute(name: string): Value | undefined {
    return this.#fields.get(name)
  }

  override str(): string {
    return this.repr()
  }

  override repr(): string {
    return `<Namespace ${repr(new Map(this.#fields))}>`
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
