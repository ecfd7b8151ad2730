import {
  div,
  fixed,
  floatValue,
  intValue,
  neg,
  numeric,
  PythonError,
  pos,
  pow,
  str,
  toNumber,
  typeError,
  typeName,
  usable,
  valueError,
} from '../python/index.ts'
import type { FilterFunction } from '../types.ts'
import { Float, type Value } from '../values.ts'
import { count, flag, text } from './options.ts'
import { filterTable } from './table.ts'

function number(v: Value): number {
  const n = numeric(usable(v))
  if (!n) throw typeError(`must be real number, not ${typeName(v)}`)
  return toNumber(n)
}

/** Python's int(text, base); undefined when it is none. */
export function parseInteger(input: string, base: number): number | bigint | undefined {
  const m = /^\s*([+-]?)(0[xX]|0[oO]|0[bB])?([0-9a-zA-Z]+(?:_[0-9a-zA-Z]+)*)\s*$/.exec(input)
  if (!m) return undefined
  const [, sign, prefix = '', written = ''] = m
  const prefixBase = { x: 16, o: 8, b: 2 }[prefix.slice(1).toLowerCase()]
  if (prefix !== '' && base !== 0 && prefixBase !== base) {
    return parseDigits((prefix + written).replaceAll('_', ''), base, sign === '-')
  }
  const radix = base === 0 ? (prefixBase ?? 10) : base
  return parseDigits(written.replaceAll('_', ''), radix, sign === '-')
}

function parseDigits(digits: string, base: number, negative: boolean): number | bigint | undefined {
  let value = 0n
  for (const c of digits.toLowerCase()) {
    const digit = Number.parseInt(c, 36)
    if (digit >= base) return undefined
    value = value * BigInt(base) + BigInt(digit)
  }
  return intValue(negative ? -value : value)
}

/** Python's float(text); undefined when it is none. */
export function parseFloating(input: string): number | undefined {
  const t = input.trim().replace(/(?<=\d)_(?=\d)/g, '')
  const special = /^([+-]?)(inf(?:inity)?|nan)$/i.exec(t)
  if (special) return /nan/i.test(t) ? Number.NaN : special[1] === '-' ? -Infinity : Infinity
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(t) ? Number(t) : undefined
}

function truncated(v: number): number | bigint | undefined {
  return Number.isFinite(v) ? intValue(BigInt(Math.trunc(v))) : undefined
}

function toInt(v: Value, otherwise: Value, base: number): Value {
  const used = usable(v)
  const n = numeric(used)
  if (n) return ('int' in n ? intValue(n.int) : truncated(n.float)) ?? otherwise
  if (typeof used !== 'string') return otherwise
  const whole = parseInteger(used, base)
  if (whole !== undefined) return whole
  const float = parseFloating(used)
  return (float === undefined ? undefined : truncated(float)) ?? otherwise
}

function toFloating(v: Value, otherwise: Value): Value {
  const used = usable(v)
  const n = numeric(used)
  if (n) return floatValue(toNumber(n))
  const float = typeof used === 'string' ? parseFloating(used) : undefined
  return float === undefined ? otherwise : floatValue(float)
}

function round(v: Value, precision: number, method: string): Value {
  const n = numeric(usable(v))
  if (!n) throw typeError(`type ${typeName(v)} doesn't define __round__ method`)
  if (method === 'common') {
    if ('int' in n && precision >= 0) return intValue(n.int)
    const value = toNumber(n)
    if (!Number.isFinite(value)) return floatValue(value)
    const rounded = Number(fixed(value, precision)) * (value < 0 ? -1 : 1)
    return 'int' in n ? intValue(rounded) : floatValue(rounded)
  }
  if (method !== 'ceil' && method !== 'floor')
    throw new PythonError('FilterError', 'method must be common, ceil or floor')
  return floatValue(Math[method](toNumber(n) * 10 ** precision) / 10 ** precision)
}

function log(v: Value, base: Value | undefined): Value {
  const x = number(v)
  if (x <= 0) throw valueError('math domain error')
  if (base === undefined) return floatValue(Math.log(x))
  const b = number(base)
  return floatValue(b === 10 ? Math.log10(x) : Math.log(x) / Math.log(b))
}

function root(v: Value, base: number): Value {
  return base === 2 ? floatValue(Math.sqrt(number(v))) : pow(v, div(1, base))
}

const units = 'YZEPTGMK'

/** `1 GB` from bytes, or bits. */
function humanReadable(size: Value, bits: boolean, unit: string | undefined): string {
  const value = number(size)
  const base = bits ? 'bits' : 'Bytes'
  let i = 0
  while (
    i < units.length &&
    (unit === undefined ? value < 1024 ** (units.length - i) : units[i] !== unit.toUpperCase()[0])
  )
    i++
  const factor = 1024 ** (units.length - i)
  const suffix = i < units.length ? `${units[i]}${bits ? 'b' : 'B'}` : base
  return `${(value / factor).toFixed(2)} ${suffix}`
}

function humanToBytes(v: Value, unit: string | undefined, bits: boolean): Value {
  const input = str(v)
  const m = /^\s*(\d*\.?\d*)\s*([A-Za-z]*)/.exec(input)
  if (!m || m[1] === '')
    throw new PythonError('FilterError', `human_to_bytes() can't interpret following string: ${input}`)
  const suffix = m[2] || unit || ''
  const letter = suffix.charAt(0).toUpperCase()
  const at = units.indexOf(letter)
  const wrong = bits ? /B$/ : /b$/
  if ((at < 0 && letter !== '' && letter !== 'B') || (suffix.length === 2 && wrong.test(suffix))) {
    throw new PythonError('FilterError', `human_to_bytes() failed to convert ${input} (unit = ${suffix})`)
  }
  return intValue(Math.round(Number(m[1]) * (at < 0 ? 1 : 1024 ** (units.length - at))))
}

/** Filters of numbers. */
export const numberFilters: [string, FilterFunction][] = filterTable({
  abs: (v) => (number(v) < 0 ? neg(v) : pos(v)),
  'int default? base?': (v, [otherwise, base]) => toInt(v, otherwise ?? 0, count(base, 10)),
  'float default?': (v, [otherwise]) => toFloating(v, otherwise ?? new Float(0)),
  'round precision? method?': (v, [precision, method]) => round(v, count(precision, 0), text(method, 'common')),
  'log base?': (v, [base]) => log(v, base),
  'pow x': (v, [x]) => floatValue(number(pow(v, x ?? null))),
  'root base?': (v, [base]) => root(v, count(base, 2)),
  'human_readable isbits? unit?': (v, [bits, unit]) =>
    humanReadable(v, flag(bits, false), unit == null ? undefined : str(unit)),
  'human_to_bytes default_unit? isbits?': (v, [unit, bits]) =>
    humanToBytes(v, unit == null ? undefined : str(unit), flag(bits, false)),
})
