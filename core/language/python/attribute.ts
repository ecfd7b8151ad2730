import { PythonObject, Tuple, Undefined, Unknown, type Value } from '../values.ts'
import { dictGet } from './dict.ts'
import { PythonError } from './error.ts'
import { getMethod } from './methods/index.ts'
import { NamedTuple } from './object.ts'
import { getItem } from './sequence.ts'
import { repr, str } from './text.ts'
import { typeName } from './typename.ts'

/**
 * Jinja's `value.name`: an attribute or a method first, then an item. Undefined when there is neither. What lies beyond
 * an Undefined is that same Undefined, and beyond an Unknown an Unknown, so that errors name the first thing missing.
 */
export function attribute(value: Value, name: string): Value | undefined {
  if (value instanceof Undefined) return value
  if (value instanceof Unknown) return new Unknown(value.task, `${value.path}.${name}`)
  const own = ownAttribute(value, name)
  return own === undefined ? item(value, name) : own
}

/** Jinja's `value[key]`: an item first, then, for a string, an attribute. Otherwise as `attribute`. */
export function subscript(value: Value, key: Value): Value | undefined {
  if (value instanceof Undefined) return value
  if (value instanceof Unknown) return new Unknown(value.task, `${value.path}[${repr(key)}]`)
  const found = item(value, key)
  return found === undefined && typeof key === 'string' ? ownAttribute(value, key) : found
}

/** The Undefined that Jinja gives where `attribute` or `subscript` found nothing; `name` is the expression, as far as known. */
export function missing(value: Value, key: Value, name = `${typeName(value)}[${repr(key)}]`): Undefined {
  const type = value === null ? 'None' : `${typeName(value)} object`
  return new Undefined(
    name,
    typeof key === 'string' ? `'${type}' has no attribute ${repr(key)}` : `${type} has no element ${str(repr(key))}`,
  )
}

function ownAttribute(value: Value, name: string): Value | undefined {
  if (value instanceof PythonObject) return value.attribute(name)
  if (value instanceof NamedTuple) {
    const field = value.field(name)
    return field === undefined ? getMethod(value, name) : field
  }
  return getMethod(value, name)
}

function item(value: Value, key: Value): Value | undefined {
  if (value instanceof Map) return hashable(key) ? dictGet(value, key) : undefined
  if (typeof value !== 'string' && !Array.isArray(value) && !(value instanceof Tuple)) return undefined
  try {
    return getItem(value, key)
  } catch (error) {
    if (error instanceof PythonError) return undefined
    throw error
  }
}

function hashable(key: Value): boolean {
  return !(Array.isArray(key) || key instanceof Map || key instanceof Tuple)
}
