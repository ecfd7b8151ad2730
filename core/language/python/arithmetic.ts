import { PythonObject, Tuple, type Value } from '../values.ts'
import { PythonError, typeError, valueError } from './error.ts'
import { floatValue, intValue, type Numeric, numeric, toNumber } from './number.ts'
import { typeName } from './typename.ts'
import { type Usable, usable } from './usable.ts'

/** Longest string or list that repetition or concatenation may make, and most bits an int may have. */
export const maxLength = 16 * 1024 * 1024
const maxBits = 4 * 1024 * 1024

export function unsupported(operator: string, a: Value, b: Value): PythonError {
  return typeError(`unsupported operand type(s) for ${operator}: '${typeName(a)}' and '${typeName(b)}'`)
}

/** An operator of numbers: exact for ints, IEEE for floats; undefined when one of the two is no number. */
function calculate(
  a: Usable,
  b: Usable,
  exact: (x: bigint, y: bigint) => bigint,
  float: (x: number, y: number) => number,
): Value | undefined {
  const x = numeric(a)
  const y = numeric(b)
  if (!x || !y) return undefined
  if ('float' in x || 'float' in y) return floatValue(float(toFloat(x), toFloat(y)))
  if (typeof x.int === 'number' && typeof y.int === 'number') {
    const result = float(x.int, y.int)
    if (Number.isSafeInteger(result)) return intValue(result)
  }
  return intValue(exact(BigInt(x.int), BigInt(y.int)))
}

/** The number as a float; OverflowError for an int too large for one. */
export function toFloat(n: Numeric): number {
  const value = toNumber(n)
  if ('int' in n && !Number.isFinite(value)) throw new PythonError('OverflowError', 'int too large to convert to float')
  return value
}

function object(operator: string, a: Usable, b: Usable): Value {
  const result = a instanceof PythonObject ? a.operate(operator, b) : undefined
  if (result === undefined) throw unsupported(operator, a, b)
  return result
}

/** a + b: numbers, strings, lists, tuples. */
export function add(left: Value, right: Value): Value {
  const a = usable(left)
  const b = usable(right)
  const sum = calculate(
    a,
    b,
    (x, y) => x + y,
    (x, y) => x + y,
  )
  if (sum !== undefined) return sum
  if (typeof a === 'string') {
    if (typeof b !== 'string') throw typeError(`can only concatenate str (not "${typeName(b)}") to str`)
    boundLength(a.length + b.length)
    return a + b
  }
  if (Array.isArray(a)) {
    if (!Array.isArray(b)) throw typeError(`can only concatenate list (not "${typeName(b)}") to list`)
    boundLength(a.length + b.length)
    return [...a, ...b]
  }
  if (a instanceof Tuple) {
    if (!(b instanceof Tuple)) throw typeError(`can only concatenate tuple (not "${typeName(b)}") to tuple`)
    return new Tuple([...a.items, ...b.items])
  }
  return object('+', a, b)
}

/** a - b. */
export function sub(left: Value, right: Value): Value {
  const a = usable(left)
  const b = usable(right)
  return (
    calculate(
      a,
      b,
      (x, y) => x - y,
      (x, y) => x - y,
    ) ?? object('-', a, b)
  )
}

/** a * b: numbers, or a sequence repeated. */
export function mul(left: Value, right: Value): Value {
  const a = usable(left)
  const b = usable(right)
  const product = calculate(
    a,
    b,
    bounded((x, y) => x * y),
    (x, y) => x * y,
  )
  return product ?? repeat(a, b) ?? repeat(b, a) ?? object('*', a, b)
}

function bounded(multiply: (x: bigint, y: bigint) => bigint): (x: bigint, y: bigint) => bigint {
  return (x, y) => {
    if (bits(x) + bits(y) > maxBits) throw new PythonError('OverflowError', 'number is too large')
    return multiply(x, y)
  }
}

/** An upper bound of the bits of an int, good to four. */
function bits(x: bigint): number {
  return x.toString(16).length * 4
}

function repeat(sequence: Usable, times: Usable): Value | undefined {
  const isSequence = typeof sequence === 'string' || Array.isArray(sequence) || sequence instanceof Tuple
  if (!isSequence) return undefined
  const n = numeric(times)
  if (!n || 'float' in n) throw typeError(`can't multiply sequence by non-int of type '${typeName(times)}'`)
  const count = Math.max(0, Number(n.int))
  if (typeof sequence === 'string') {
    boundLength(sequence.length * count)
    return sequence.repeat(sequence === '' ? 0 : count)
  }
  const items = Array.isArray(sequence) ? sequence : sequence.items
  boundLength(items.length * count)
  const result = items.length === 0 ? [] : Array.from({ length: count }, () => items).flat()
  return Array.isArray(sequence) ? result : new Tuple(result)
}

/** Stops what would take the controller's memory. */
export function boundLength(length: number): void {
  if (length > maxLength) throw new PythonError('OverflowError', `result is longer than ${maxLength} items`)
}

/** a ** b: bounded to 4 Mi bits. */
export function pow(left: Value, right: Value): Value {
  const a = usable(left)
  const b = usable(right)
  const x = numeric(a)
  const y = numeric(b)
  if (!x || !y) throw unsupported('** or pow()', a, b)
  if ('int' in x && 'int' in y && y.int >= 0) {
    if (Math.abs(Number(x.int)) > 1 && bits(BigInt(x.int)) * Number(y.int) > maxBits) {
      throw new PythonError('OverflowError', 'number is too large')
    }
    const exponent = Math.abs(Number(x.int)) > 1 ? BigInt(y.int) : BigInt(y.int) % 2n || (y.int === 0 ? 0n : 2n)
    return intValue(BigInt(x.int) ** exponent)
  }
  const base = toFloat(x)
  const exponent = toFloat(y)
  if (base === 0 && exponent < 0) {
    throw new PythonError('ZeroDivisionError', '0.0 cannot be raised to a negative power')
  }
  if (base < 0 && Number.isFinite(exponent) && !Number.isInteger(exponent)) {
    throw valueError('a negative number cannot be raised to a fractional power')
  }
  if (base === 1) return floatValue(1)
  const result = base ** exponent
  if (!Number.isFinite(result) && Number.isFinite(base) && Number.isFinite(exponent)) {
    throw new PythonError('OverflowError', "(34, 'Numerical result out of range')")
  }
  return floatValue(result)
}

/** -a */
export function neg(value: Value): Value {
  const n = numeric(usable(value))
  if (!n) throw typeError(`bad operand type for unary -: '${typeName(value)}'`)
  return 'float' in n ? floatValue(-n.float) : intValue(-n.int)
}

/** +a */
export function pos(value: Value): Value {
  const n = numeric(usable(value))
  if (!n) throw typeError(`bad operand type for unary +: '${typeName(value)}'`)
  return 'float' in n ? floatValue(n.float) : intValue(n.int)
}
