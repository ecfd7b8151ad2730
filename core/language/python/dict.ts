import { type Dict, type DictKey, Float, Tuple, type Value } from '../values.ts'
import { PythonError, typeError } from './error.ts'
import { repr } from './text.ts'
import { typeName } from './typename.ts'
import { usable } from './usable.ts'

/*
 * Keys of dicts, in one place: Python holds 1, 1.0 and True for the same key, and the first one written stays. Tuples
 * are hashable in Python, but no dict of ours has them as keys.
 */

/** The value as a key; TypeError when Python could not hash it. */
export function toKey(value: Value): DictKey {
  const v = usable(value)
  if (v instanceof Float) {
    if (!Number.isInteger(v.value)) return v.value
    return Number.isSafeInteger(v.value) ? v.value : BigInt(v.value)
  }
  if (v === null || typeof v !== 'object') return v
  throw typeError(`unhashable type: '${typeName(v)}'`)
}

/** The key under which an equal one already stands in the dict. */
export function findKey(dict: Dict, key: DictKey): DictKey | undefined {
  if (dict.has(key)) return key
  if (key === 1 || key === 0) return dict.has(key === 1) ? key === 1 : undefined
  if (typeof key === 'boolean') return dict.has(key ? 1 : 0) ? (key ? 1 : 0) : undefined
  return undefined
}

/** Where the key stands; a tuple stands nowhere, unless it could not even be hashed. */
function keyIn(dict: Dict, key: Value): DictKey | undefined {
  if (!(key instanceof Tuple)) return findKey(dict, toKey(key))
  for (const item of key.items) keyIn(dict, item)
  return undefined
}

export function dictHas(dict: Dict, key: Value): boolean {
  return keyIn(dict, key) !== undefined
}

/** The value under the key, or undefined. */
export function dictGet(dict: Dict, key: Value): Value | undefined {
  const found = keyIn(dict, key)
  return found === undefined ? undefined : dict.get(found)
}

export function dictSet(dict: Dict, key: Value, value: Value): void {
  const wanted = toKey(key)
  dict.set(findKey(dict, wanted) ?? wanted, value)
}

/** Removes the key and gives its value; KeyError when it is not there. */
export function dictTake(dict: Dict, key: Value): Value {
  const found = findKey(dict, toKey(key))
  if (found === undefined) throw new PythonError('KeyError', repr(key))
  const value = dict.get(found) ?? null
  dict.delete(found)
  return value
}
