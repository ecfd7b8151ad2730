import type { Value } from '../values.ts'
import { typeError } from './error.ts'
import { numeric, toNumber } from './number.ts'
import { typeName } from './typename.ts'
import { usable } from './usable.ts'

/** An argument that must be a string. */
export function asText(value: Value, what: string): string {
  const v = usable(value)
  if (typeof v !== 'string') throw typeError(`${what} must be str, not ${typeName(v)}`)
  return v
}

/** An argument that must be an int (or a bool); as a JavaScript number, since it counts or indexes something. */
export function asIndex(value: Value): number {
  const v = usable(value)
  const n = numeric(v)
  if (!n || 'float' in n) throw typeError(`'${typeName(v)}' object cannot be interpreted as an integer`)
  return toNumber(n)
}
