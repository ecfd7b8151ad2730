import { Template, Tuple, type Value } from '../values.ts'

/** A parsed text as data: what looks like a template in it is text, for only the user's own files are templated. */
export function asData(value: Value): Value {
  if (value instanceof Template) return value.source
  if (Array.isArray(value)) return value.map(asData)
  if (value instanceof Tuple) return new Tuple(value.items.map(asData))
  if (value instanceof Map) return new Map([...value].map(([k, v]) => [k, asData(v)]))
  return value
}
