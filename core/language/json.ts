import type { Json, JsonObject } from '../events/json.ts'
import { errorAt } from './diagnostic.ts'
import { TemplateError } from './errors.ts'
import { str } from './python/text.ts'
import { usable } from './python/usable.ts'
import { Callable, type Dict, Float, PythonObject, Tuple, type Value } from './values.ts'

const maxDepth = 500

/**
 * A value as JSON has it, the border to modules and events: keys become strings as in Python's json, a float that JSON
 * cannot hold and an int beyond 2^53 become text. Undefined, Unknown and functions inside raise.
 */
export function toJson(value: Value): Json {
  return convert(value, 0)
}

function convert(value: Value, depth: number): Json {
  if (depth > maxDepth) throw new TemplateError(errorAt('not-data', `a value nested deeper than ${maxDepth} levels`))
  const v = usable(value)
  if (v === null || typeof v === 'boolean' || typeof v === 'string') return v
  if (typeof v === 'number') return v
  if (typeof v === 'bigint') return v.toString()
  if (v instanceof Float) return Number.isFinite(v.value) ? v.value : str(v)
  if (Array.isArray(v)) return v.map((item) => convert(item, depth + 1))
  if (v instanceof Tuple) return v.items.map((item) => convert(item, depth + 1))
  if (v instanceof Map) return object(v, depth)
  if (v instanceof PythonObject) return v.str()
  if (v instanceof Callable) throw new TemplateError(errorAt('not-data', `the function '${v.name}' is not data`))
  return v satisfies never
}

/** Without a prototype, so that a key such as __proto__ is a key. */
function object(dict: Dict, depth: number): JsonObject {
  const result = Object.create(null) as Record<string, Json>
  for (const [key, item] of dict) result[keyText(key)] = convert(item, depth + 1)
  return result
}

function keyText(key: string | number | bigint | boolean | null): string {
  return typeof key === 'string' ? key : key === null ? 'null' : String(key)
}

/** JSON as a value. Strings stay data, never templates, whatever is in them. Numbers with a fraction are floats, others ints. */
export function fromJson(json: Json | undefined): Value {
  if (json === undefined || json === null) return null
  if (typeof json === 'number') return number(json)
  if (typeof json !== 'object') return json
  if (isList(json)) return json.map(fromJson)
  const dict: Dict = new Map()
  for (const [key, item] of Object.entries(json)) if (item !== undefined) dict.set(key, fromJson(item))
  return dict
}

function number(value: number): Value {
  if (!Number.isFinite(value)) return new Float(value)
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value) : value
}

function isList(json: Json): json is readonly Json[] {
  return Array.isArray(json)
}
