import { PythonObject, Tuple, type Value } from '../values.ts'
import { dictGet } from './dict.ts'
import { numeric } from './number.ts'
import { usable } from './usable.ts'

/** Python's ==: numbers and bools by value, a list never equals a tuple, dicts whatever their order. */
export function equals(left: Value, right: Value): boolean {
  const a = usable(left)
  const b = usable(right)
  if (typeof a === 'string' || typeof b === 'string') return a === b
  const x = numeric(a)
  const y = numeric(b)
  // biome-ignore lint/suspicious/noDoubleEquals: == compares a bigint and a number exactly
  if (x && y) return ('int' in x ? x.int : x.float) == ('int' in y ? y.int : y.float)
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b)) return sameItems(a, b)
  if (a instanceof Tuple && b instanceof Tuple) return sameItems(a.items, b.items)
  if (a instanceof PythonObject) return a.equals(b)
  if (!(a instanceof Map) || !(b instanceof Map) || a.size !== b.size) return false
  for (const [key, value] of a) {
    const other = dictGet(b, key)
    if (other === undefined || !equals(value, other)) return false
  }
  return true
}

function sameItems(a: readonly Value[], b: readonly Value[]): boolean {
  return a.length === b.length && a.every((item, i) => equals(item, b[i] ?? null))
}
