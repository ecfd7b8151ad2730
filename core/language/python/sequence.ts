import { Tuple, Undefined, type Value } from '../values.ts'
import { characterCount, characters } from './characters.ts'
import { dictGet, dictHas } from './dict.ts'
import { equals } from './equality.ts'
import { PythonError, typeError, valueError } from './error.ts'
import { numeric } from './number.ts'
import { repr } from './text.ts'
import { typeName } from './typename.ts'
import { usable } from './usable.ts'

/** item in container. */
export function contains(container: Value, item: Value): boolean {
  const c = usable(container)
  if (typeof c === 'string') {
    const part = usable(item)
    if (typeof part !== 'string')
      throw typeError(`'in <string>' requires string as left operand, not ${typeName(part)}`)
    return c.includes(part)
  }
  if (c instanceof Map) return dictHas(c, item)
  if (!isIterable(c)) throw typeError(`argument of type '${typeName(c)}' is not iterable`)
  return iterate(c).some((x) => equals(x, item))
}

/** len(): code points of a string. */
export function length(value: Value): number {
  const v = usable(value)
  if (typeof v === 'string') return characterCount(v)
  if (Array.isArray(v)) return v.length
  if (v instanceof Map) return v.size
  if (v instanceof Tuple) return v.items.length
  throw typeError(`object of type '${typeName(v)}' has no len()`)
}

export function isIterable(value: Value): boolean {
  return typeof value === 'string' || Array.isArray(value) || value instanceof Map || value instanceof Tuple
}

/** What a loop over the value sees: code points of a string, keys of a dict. Lists are not copied: do not write to the answer. */
export function iterate(value: Value): readonly Value[] {
  const v = usable(value)
  if (Array.isArray(v)) return v
  if (v instanceof Tuple) return v.items
  if (typeof v === 'string') return characters(v)
  if (v instanceof Map) return [...v.keys()]
  throw typeError(`'${typeName(v)}' object is not iterable`)
}

/** Python's value[key]: negative indices, KeyError and IndexError. Jinja's rule with attributes is `subscript`. */
export function getItem(value: Value, key: Value): Value {
  const v = usable(value)
  if (v instanceof Map) {
    const found = dictGet(v, key)
    if (found === undefined) throw new PythonError('KeyError', repr(key))
    return found
  }
  const kind = typeName(v)
  if (typeof v !== 'string' && !Array.isArray(v) && !(v instanceof Tuple))
    throw typeError(`'${kind}' object is not subscriptable`)
  const n = numeric(usable(key))
  if (!n || 'float' in n) {
    const what =
      typeof v === 'string' ? 'string indices must be integers' : `${kind} indices must be integers or slices`
    throw typeError(`${what}, not ${typeof v === 'string' ? `'${typeName(key)}'` : typeName(key)}`)
  }
  const items = iterate(v)
  const index = Number(n.int)
  const item = items[index < 0 ? index + items.length : index]
  if (item === undefined)
    throw new PythonError('IndexError', `${typeof v === 'string' ? 'string' : kind} index out of range`)
  return item
}

/** Python's value[start:stop:step]; null or undefined leaves a bound open. */
export function slice(value: Value, start?: Value, stop?: Value, step?: Value): Value {
  const v = usable(value)
  if (typeof v !== 'string' && !Array.isArray(v) && !(v instanceof Tuple)) {
    if (v instanceof Map) throw typeError("unhashable type: 'slice'")
    throw typeError(`'${typeName(v)}' object is not subscriptable`)
  }
  const items = iterate(v)
  const by = bound(step) ?? 1
  if (by === 0) throw valueError('slice step cannot be zero')
  const [low, high] = by > 0 ? [0, items.length] : [-1, items.length - 1]
  const clamp = (n: number): number => Math.min(Math.max(n < 0 ? n + items.length : n, low), high)
  const [from, to] = [bound(start), bound(stop)]
  const first = from === undefined ? (by > 0 ? low : high) : clamp(from)
  const end = to === undefined ? (by > 0 ? high : low) : clamp(to)
  const result: Value[] = []
  for (let i = first; by > 0 ? i < end : i > end; i += by) result.push(items[i] ?? null)
  if (typeof v === 'string') return result.join('')
  return v instanceof Tuple ? new Tuple(result) : result
}

function bound(value: Value | undefined): number | undefined {
  if (value === undefined || value === null) return undefined
  const n = value instanceof Undefined ? undefined : numeric(usable(value))
  if (!n || 'float' in n) throw typeError('slice indices must be integers or None or have an __index__ method')
  return Number(n.int)
}
