import type { Json, JsonObject } from '../../events/json.ts'
import { UnknownValueError } from '../../language/errors.ts'
import { fromJson } from '../../language/index.ts'
import { type DictKey, LazyDict, Unknown, type Value } from '../../language/values.ts'

/**
 * What `register` sees of a change that was not applied: some values are known, every other one is Unknown. Whoever asks
 * for all of them asks for an unknown.
 */
export class PartlyKnown extends LazyDict {
  readonly #task: string
  readonly #name: string
  readonly #known: ReadonlyMap<DictKey, Value>

  constructor(task: string, name: string, known: ReadonlyMap<DictKey, Value>) {
    super()
    this.#task = task
    this.#name = name
    this.#known = known
  }

  protected override load(key: DictKey): Value {
    return this.#known.get(key) ?? new Unknown(this.#task, `${this.#name}.${String(key)}`)
  }

  protected override list(): Iterable<DictKey> {
    throw new UnknownValueError(this.#task, this.#name)
  }

  /** The same with these values known. */
  with(values: Readonly<Record<string, Value>>): PartlyKnown {
    return new PartlyKnown(this.#task, this.#name, new Map([...this.#known, ...Object.entries(values)]))
  }

  override has(_key: DictKey): boolean {
    return true
  }
}

/**
 * Of a result computed before a change, what will hold after it too: values that are just what the arguments say.
 */
export function surviving(result: JsonObject, args: Json): Map<DictKey, Value> {
  const known = new Map<DictKey, Value>()
  if (args === null || typeof args !== 'object' || Array.isArray(args)) return known
  const wanted = args as JsonObject
  for (const [key, value] of Object.entries(result)) {
    const asked = wanted[key]
    if (asked === undefined || value === undefined || typeof value === 'object') continue
    if (asked === value) known.set(key, fromJson(value))
  }
  return known
}
