import { PythonObject, type Value } from '../values.ts'
import { toFloat, unsupported } from './arithmetic.ts'
import { PythonError } from './error.ts'
import { floatValue, intValue, type Numeric, numeric, toNumber } from './number.ts'
import { formatPercent } from './percent.ts'
import { usable } from './usable.ts'

function operands(operator: string, left: Value, right: Value): [Numeric, Numeric] | Value {
  const a = usable(left)
  const b = usable(right)
  const x = numeric(a)
  const y = numeric(b)
  if (x && y) return [x, y] as [Numeric, Numeric]
  const result = a instanceof PythonObject ? a.operate(operator, b) : undefined
  if (result === undefined) throw unsupported(operator, a, b)
  return result
}

function isPair(v: [Numeric, Numeric] | Value): v is [Numeric, Numeric] {
  return Array.isArray(v)
}

/** a / b: always a float. */
export function div(left: Value, right: Value): Value {
  const pair = operands('/', left, right)
  if (!isPair(pair)) return pair
  const [x, y] = pair
  const bothInts = 'int' in x && 'int' in y
  if (toNumber(y) === 0)
    throw new PythonError('ZeroDivisionError', bothInts ? 'division by zero' : 'float division by zero')
  if (bothInts && (typeof x.int === 'bigint' || typeof y.int === 'bigint'))
    return floatValue(divideExactly(BigInt(x.int), BigInt(y.int)))
  return floatValue(toFloat(x) / toFloat(y))
}

/** The quotient of two large ints, rounded to 53 bits from 64 exact ones. */
function divideExactly(a: bigint, b: bigint): number {
  if (a === 0n) return b < 0n ? -0 : 0
  const shift = BigInt(64 - (bitLength(a) - bitLength(b)))
  const [n, d] = shift >= 0n ? [a << shift, b] : [a, b << -shift]
  const quotient = n / d
  const sticky = n % d === 0n ? 0n : quotient < 0n ? -1n : 1n
  const result = Number(quotient * 2n + sticky) / 2 / 2 ** Number(shift)
  if (!Number.isFinite(result)) throw new PythonError('OverflowError', 'integer division result too large for a float')
  return result
}

function bitLength(v: bigint): number {
  return (v < 0n ? -v : v).toString(2).length
}

/** a // b: rounds down. */
export function floordiv(left: Value, right: Value): Value {
  const pair = operands('//', left, right)
  if (!isPair(pair)) return pair
  const [x, y] = pair
  if ('int' in x && 'int' in y) {
    if (Number(y.int) === 0) throw new PythonError('ZeroDivisionError', 'integer division or modulo by zero')
    return intValue(floorDivide(BigInt(x.int), BigInt(y.int)))
  }
  const divisor = toFloat(y)
  if (divisor === 0) throw new PythonError('ZeroDivisionError', 'float floor division by zero')
  return floatValue(floatFloor(toFloat(x), divisor))
}

/** a % b: the sign of the divisor; for a string on the left, printf-like formatting. */
export function mod(left: Value, right: Value): Value {
  if (typeof left === 'string') return formatPercent(left, usable(right))
  const pair = operands('%', left, right)
  if (!isPair(pair)) return pair
  const [x, y] = pair
  if ('int' in x && 'int' in y) {
    if (Number(y.int) === 0) throw new PythonError('ZeroDivisionError', 'integer modulo by zero')
    const [a, b] = [BigInt(x.int), BigInt(y.int)]
    return intValue(a - floorDivide(a, b) * b)
  }
  const divisor = toFloat(y)
  if (divisor === 0) throw new PythonError('ZeroDivisionError', 'float modulo')
  return floatValue(floatModulo(toFloat(x), divisor))
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient
}

function floatModulo(a: number, b: number): number {
  const rest = a % b
  if (rest === 0) return b < 0 ? -0 : 0
  return rest < 0 !== b < 0 ? rest + b : rest
}

function floatFloor(a: number, b: number): number {
  const rest = a % b
  const quotient = (a - rest) / b - (rest !== 0 && rest < 0 !== b < 0 ? 1 : 0)
  if (quotient === 0) return a / b < 0 || Object.is(a / b, -0) ? -0 : 0
  const floor = Math.floor(quotient)
  return quotient - floor > 0.5 ? floor + 1 : floor
}
