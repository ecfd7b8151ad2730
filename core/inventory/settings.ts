import type { Json, JsonObject } from '../events/json.ts'
import { type Diagnostic, errorAt, yesOrNo } from '../language/index.ts'

/** Reads variables that say how a host is reached; what is wrong is gathered. */
export class Settings {
  readonly diagnostics: Diagnostic[] = []
  readonly #host: string
  readonly #variables: JsonObject

  constructor(host: string, variables: JsonObject) {
    this.#host = host
    this.#variables = variables
  }

  /** The first of these variables that is set. */
  any(...names: readonly string[]): { name: string; value: Json } | undefined {
    for (const name of names) {
      const value = this.#variables[name]
      if (value !== undefined && value !== null) return { name, value }
    }
    return undefined
  }

  text(...names: readonly string[]): string | undefined {
    const found = this.any(...names)
    if (found === undefined) return undefined
    if (typeof found.value === 'string') return found.value === '' ? undefined : found.value
    if (typeof found.value === 'number') return String(found.value)
    this.wrong(found.name, 'must be text')
    return undefined
  }

  whole(from: number, to: number, ...names: readonly string[]): number | undefined {
    const text = this.text(...names)
    if (text === undefined) return undefined
    const value = Number(text)
    if (Number.isInteger(value) && value >= from && value <= to) return value
    this.wrong(this.any(...names)!.name, `must be a number from ${from} to ${to}, not '${text}'`)
    return undefined
  }

  flag(...names: readonly string[]): boolean | undefined {
    const found = this.any(...names)
    if (found === undefined) return undefined
    const said = found.value === '' ? false : yesOrNo(found.value)
    if (said !== undefined) return said
    this.wrong(found.name, 'must be true or false')
    return undefined
  }

  wrong(name: string, message: string, hint?: string): void {
    this.diagnostics.push(errorAt('bad-connection-variable', `${this.#host}: ${name} ${message}`, undefined, hint))
  }
}
