import { exponentOf } from './number.ts'

/*
 * Decimal digits of a float, rounded from its exact binary value, ties to even, as Python rounds; toFixed and
 * toExponential round ties up.
 */

interface Ratio {
  readonly n: bigint
  readonly d: bigint
}

/** The exact value of a finite float, without its sign. */
function ratio(value: number): Ratio {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  const word = view.getBigUint64(0)
  const exponent = Number((word >> 52n) & 0x7ffn)
  const fraction = word & 0xfffffffffffffn
  const mantissa = exponent === 0 ? fraction : fraction | 0x10000000000000n
  const power = Math.max(exponent, 1) - 1075
  return power >= 0 ? { n: mantissa << BigInt(power), d: 1n } : { n: mantissa, d: 1n << BigInt(-power) }
}

function roundRatio({ n, d }: Ratio, digits: number): bigint {
  const [top, bottom] = digits >= 0 ? [n * 10n ** BigInt(digits), d] : [n, d * 10n ** BigInt(-digits)]
  const quotient = top / bottom
  const twice = (top % bottom) * 2n
  return twice > bottom || (twice === bottom && quotient % 2n === 1n) ? quotient + 1n : quotient
}

/** `%.<digits>f` of a finite value, without its sign; digits may be negative to round before the point. */
export function fixed(value: number, digits: number): string {
  const scaled = roundRatio(ratio(value), digits)
  if (digits <= 0) return String(scaled * 10n ** BigInt(-digits))
  const text = String(scaled).padStart(digits + 1, '0')
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`
}

interface Scientific {
  readonly digits: string
  readonly exponent: number
}

function scientific(value: number, precision: number): Scientific {
  if (value === 0) return { digits: '0'.repeat(precision + 1), exponent: 0 }
  const exact = ratio(value)
  let exponent = Number(Math.abs(value).toExponential().split('e')[1])
  const power = 10n ** BigInt(Math.abs(exponent))
  const below = exponent >= 0 ? exact.n < power * exact.d : exact.n * power < exact.d
  if (below) exponent--
  let digits = String(roundRatio(exact, precision - exponent))
  if (digits.length > precision + 1) {
    exponent++
    digits = digits.slice(0, -1)
  }
  return { digits, exponent }
}

/** `%.<precision>e` of a finite value, without its sign. */
export function exponential(value: number, precision: number): string {
  const { digits, exponent } = scientific(value, precision)
  return `${digits[0]}${precision > 0 ? '.' : ''}${digits.slice(1)}e${exponentOf(exponent)}`
}

/** `%.<precision>g` of a finite value, without its sign; `keepZeros` is the flag `#`. */
export function general(value: number, precision: number, keepZeros: boolean): string {
  const significant = Math.max(precision, 1)
  const { digits, exponent } = scientific(value, significant - 1)
  const strip = (text: string): string => (keepZeros || !text.includes('.') ? text : text.replace(/\.?0+$/, ''))
  if (exponent < -4 || exponent >= significant) {
    const mantissa = significant > 1 || keepZeros ? `${digits[0]}.${digits.slice(1)}` : digits
    return `${strip(mantissa)}e${exponentOf(exponent)}`
  }
  const text = strip(fixed(value, significant - 1 - exponent))
  return keepZeros && !text.includes('.') ? `${text}.` : text
}
