import { Float, PythonObject, Tuple, type Value } from '../values.ts'
import { usable } from './usable.ts'

/** Python's truth: empty, zero and None are false. Raises for Undefined and Unknown. */
export function truth(value: Value): boolean {
  const v = usable(value)
  if (v === null) return false
  if (typeof v === 'boolean') return v
  if (typeof v === 'string') return v.length > 0
  if (typeof v === 'number') return v !== 0
  if (typeof v === 'bigint') return v !== 0n
  if (Array.isArray(v)) return v.length > 0
  if (v instanceof Map) return v.size > 0
  if (v instanceof Float) return v.value !== 0
  if (v instanceof Tuple) return v.items.length > 0
  if (v instanceof PythonObject) return v.truth()
  return true
}
