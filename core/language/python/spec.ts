import { Float, PythonObject, type Value } from '../values.ts'
import { toFloat } from './arithmetic.ts'
import { characterCount, characters } from './characters.ts'
import { exponential, fixed, general } from './decimal.ts'
import { PythonError, typeError, valueError } from './error.ts'
import { floatText, type Numeric, numeric } from './number.ts'
import { str } from './text.ts'
import { typeName } from './typename.ts'
import { type Usable, usable } from './usable.ts'

interface Spec {
  readonly fill: string
  readonly align: string
  readonly sign: string
  readonly zero: boolean
  readonly alternate: boolean
  readonly width: number
  readonly group: string
  readonly precision: number | undefined
  readonly type: string
}

const syntax = /^(?:(.)?([<>=^]))?([+\- ])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/su
/** Widest field and most digits; more is a mistake that would take the controller's memory. */
const maxWidth = 100_000

function parse(text: string): Spec {
  const m = syntax.exec(text)
  if (!m) throw valueError('Invalid format specifier')
  const zero = m[5] !== undefined
  const width = Number(m[6] ?? 0)
  const precision = m[8] === undefined ? undefined : Number(m[8])
  if (width > maxWidth || (precision ?? 0) > maxWidth) throw valueError('Too many decimal digits in format string')
  return {
    fill: m[1] ?? (zero ? '0' : ' '),
    align: m[2] ?? (zero ? '=' : ''),
    sign: m[3] ?? '',
    zero: zero && m[2] === undefined,
    alternate: m[4] !== undefined,
    width,
    group: m[7] ?? '',
    precision,
    type: m[9] ?? '',
  }
}

/** format(value, spec): Python's format mini-language. */
export function formatValue(value: Value, text: string): string {
  const v = usable(value)
  const n = typeof v === 'boolean' && text === '' ? undefined : numeric(v)
  if (n) return formatNumber(v, n, parse(text))
  if (typeof v === 'string') return formatText(v, parse(text))
  if (text === '') return str(v)
  if (v instanceof PythonObject) return v.str()
  throw typeError(`unsupported format string passed to ${typeName(v)}.__format__`)
}

function unknownCode(type: string, v: Usable): PythonError {
  return valueError(`Unknown format code '${type}' for object of type '${typeName(v)}'`)
}

function formatText(v: string, s: Spec): string {
  if (s.type !== '' && s.type !== 's') throw unknownCode(s.type, v)
  if (s.sign !== '') throw valueError('Sign not allowed in string format specifier')
  if (s.alternate) throw valueError('Alternate form (#) not allowed in string format specifier')
  if (s.group !== '') throw valueError(`Cannot specify '${s.group}' with 's'.`)
  if (s.align === '=' && !s.zero) throw valueError("'=' alignment not allowed in string format specifier")
  const text = s.precision === undefined ? v : characters(v).slice(0, s.precision).join('')
  return pad(text, s.fill, s.align === '=' || s.align === '' ? '<' : s.align, s.width)
}

function pad(text: string, fill: string, align: string, width: number): string {
  const room = width - characterCount(text)
  if (room <= 0) return text
  const left = align === '<' ? 0 : align === '^' ? Math.floor(room / 2) : room
  return fill.repeat(left) + text + fill.repeat(room - left)
}

function formatNumber(v: Usable, n: Numeric, s: Spec): string {
  const asInt = 'int' in n && 'bcdoxXn'.includes(s.type)
  if (!asInt && !'eEfFgGn%'.includes(s.type)) throw unknownCode(s.type, v)
  if (asInt && s.precision !== undefined) throw valueError('Precision not allowed in integer format specifier')
  const ungrouped = s.group === ',' ? 'bcoxXn' : 'cn'
  if (s.group !== '' && s.type !== '' && ungrouped.includes(s.type))
    throw valueError(`Cannot specify '${s.group}' with '${s.type}'.`)
  if (asInt && s.type === 'c') return pad(character(n.int), s.fill, s.align || '<', s.width)
  const negative = 'int' in n ? n.int < 0 : n.float < 0 || Object.is(n.float, -0)
  const sign = negative ? '-' : s.sign === '-' ? '' : s.sign
  const [prefix, body] = asInt ? integerDigits(n.int, s) : ['', floatDigits(n, s)]
  return layOut(sign + prefix, body, s, 'boxX'.includes(s.type) && s.type !== '' ? 4 : 3)
}

function character(code: number | bigint): string {
  if (code < 0 || code > 0x10ffff) throw new PythonError('OverflowError', '%c arg not in range(0x110000)')
  return String.fromCodePoint(Number(code))
}

const bases: Record<string, number> = { b: 2, o: 8, x: 16, X: 16 }

function integerDigits(v: number | bigint, s: Spec): [string, string] {
  const digits = v.toString(bases[s.type] ?? 10).replace('-', '')
  const prefix = s.alternate && bases[s.type] ? `0${s.type}` : ''
  return [prefix, s.type === 'X' ? digits.toUpperCase() : digits]
}

function floatDigits(n: Numeric, s: Spec): string {
  const percent = s.type === '%'
  const value = Math.abs(toFloat(n)) * (percent ? 100 : 1)
  const text = Number.isFinite(value) ? finiteDigits(value, s) : Number.isNaN(value) ? 'nan' : 'inf'
  return (s.type >= 'A' && s.type <= 'Z' ? text.toUpperCase() : text) + (percent ? '%' : '')
}

function finiteDigits(value: number, s: Spec): string {
  const kind = s.type.toLowerCase()
  const precision = s.precision ?? 6
  const point = s.alternate && precision === 0 ? '.' : ''
  if (kind === 'e') return exponential(value, precision).replace('e', `${point}e`)
  if (kind === 'f' || kind === '%') return fixed(value, precision) + point
  if (kind === 'g' || kind === 'n') return general(value, precision, s.alternate)
  if (s.precision === undefined) return withPoint(floatText(value), s.alternate)
  const text = general(value, s.precision, false)
  const isExponent = !text.includes('.') && !text.includes('e') && text.length >= Math.max(s.precision, 1)
  if (isExponent) return exponentForm(value, s.precision, s.alternate)
  if (s.alternate) return general(value, s.precision, true)
  return text.includes('.') || text.includes('e') ? text : `${text}.0`
}

/** The flag `#` keeps a point that no digit follows. */
function withPoint(text: string, wanted: boolean): string {
  return !wanted || text.includes('.') ? text : text.replace(/(?=e)|$/, '.')
}

/** Without a type, a float keeps a digit behind the point; where there is no room for it, the exponent form is used. */
function exponentForm(value: number, precision: number, keepZeros: boolean): string {
  const [mantissa = '', exponent = ''] = exponential(value, Math.max(precision, 1) - 1).split('e')
  if (keepZeros) return withPoint(`${mantissa}e${exponent}`, true)
  return `${mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa}e${exponent}`
}

function layOut(head: string, body: string, s: Spec, size: number): string {
  const [, whole = '', rest = ''] = /^(\d*|[0-9a-fA-F]+)(\D.*)?$/su.exec(body) ?? [undefined, body, '']
  const groupable = s.group !== '' && /^[0-9a-fA-F]+$/.test(whole)
  if (!groupable) return padNumber(head, body, s)
  let digits = whole
  if (s.align === '=' && s.fill === '0') {
    const room = s.width - head.length - rest.length
    while (groupDigits(digits, s.group, size).length < room) digits = `0${digits}`
  }
  return padNumber(head, groupDigits(digits, s.group, size) + rest, s)
}

function groupDigits(digits: string, separator: string, size: number): string {
  const first = digits.length % size
  const groups = first > 0 ? [digits.slice(0, first)] : []
  for (let i = first; i < digits.length; i += size) groups.push(digits.slice(i, i + size))
  return groups.join(separator)
}

function padNumber(head: string, body: string, s: Spec): string {
  if (s.align !== '=') return pad(head + body, s.fill, s.align || '>', s.width)
  return head + pad(body, s.fill, '>', s.width - head.length)
}

/** Format of `%` with a number: as above, from flags that were already told apart. */
export function formatFloatAs(type: string, value: number, precision: number | undefined, alternate: boolean): string {
  const s: Spec = { fill: ' ', align: '', sign: '', zero: false, alternate, width: 0, group: '', precision, type }
  return formatNumber(new Float(value), { float: Math.abs(value) }, s)
}
