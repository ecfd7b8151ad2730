import { Float, type Value } from '../values.ts'

/** An int (number while safe, else bigint) or a float, told apart; undefined for what is no number. Booleans are ints. */
export type Numeric = { int: number | bigint } | { float: number }

export function numeric(v: Value): Numeric | undefined {
  if (typeof v === 'number') return Number.isSafeInteger(v) ? { int: v } : { float: v }
  if (typeof v === 'bigint') return { int: v }
  if (typeof v === 'boolean') return { int: v ? 1 : 0 }
  if (v instanceof Float) return { float: v.value }
  return undefined
}

/** The value for a Python int: a number while safe, else a bigint. */
export function intValue(v: number | bigint): number | bigint {
  if (typeof v === 'number') return v === 0 ? 0 : v
  const n = Number(v)
  return Number.isSafeInteger(n) ? n : v
}

/** The value for a Python float: Float when integral, infinite or NaN. */
export function floatValue(v: number): Value {
  return Number.isFinite(v) && !Number.isInteger(v) ? v : new Float(v)
}

/** The number as JavaScript's, for a place where precision past 2^53 does not matter. */
export function toNumber(n: Numeric): number {
  return 'float' in n ? n.float : Number(n.int)
}

/** Whether it is a Python int that is no bool. */
export function isInteger(v: Value): v is number | bigint {
  return typeof v === 'bigint' || (typeof v === 'number' && Number.isSafeInteger(v))
}

export function isFloat(v: Value): v is number | Float {
  return v instanceof Float || (typeof v === 'number' && !Number.isSafeInteger(v))
}

/** A float as Python's repr prints it: shortest digits, exponent below 1e-4 and from 1e16. */
export function floatText(v: number): string {
  if (Number.isNaN(v)) return 'nan'
  if (!Number.isFinite(v)) return v > 0 ? 'inf' : '-inf'
  const [mantissa = '0', exponentText = '0'] = Math.abs(v).toExponential().split('e')
  const exponent = Number(exponentText)
  const sign = v < 0 || Object.is(v, -0) ? '-' : ''
  if (exponent < -4 || exponent >= 16) return `${sign}${mantissa}e${exponentOf(exponent)}`
  const digits = mantissa.replace('.', '')
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`
}

/** Sign and at least two digits, as C prints exponents. */
export function exponentOf(exponent: number): string {
  return `${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}
