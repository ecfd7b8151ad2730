import { PythonObject, type Value } from '../values.ts'

/** An imported template: its macros and top-level variables as attributes, its text when it is written out. */
export class Module extends PythonObject {
  override readonly typeName = 'TemplateModule'
  readonly name: string
  readonly #exports: ReadonlyMap<string, Value>
  readonly #text: string

  constructor(name: string, exports: ReadonlyMap<string, Value>, text: string) {
    super()
    this.name = name
    this.#exports = exports
    this.#text = text
  }

  override attribute(name: string): Value | undefined {
    return name.startsWith('_') ? undefined : this.#exports.get(name)
  }

  override str(): string {
    return this.#text
  }

  override repr(): string {
    return `<TemplateModule '${this.name}'>`
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
