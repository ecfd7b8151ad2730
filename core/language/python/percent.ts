import { Tuple, type Value } from '../values.ts'
import { toFloat } from './arithmetic.ts'
import { characterCount, characters } from './characters.ts'
import { dictGet } from './dict.ts'
import { PythonError, typeError, valueError } from './error.ts'
import { numeric } from './number.ts'
import { formatFloatAs } from './spec.ts'
import { repr, str } from './text.ts'
import { typeName } from './typename.ts'
import { usable } from './usable.ts'

const conversion = /%(?:\(([^)]*)\))?([-+ #0]*)(\*|\d+)?(?:\.(\*|\d*))?[hlL]?(.)?/gsu
const maxWidth = 100_000

/** Python's `text % values`: a tuple gives its items, a dict its named ones, anything else itself. */
export function formatPercent(text: string, values: Value): string {
  const positional = values instanceof Tuple ? values.items : [values]
  const named = values instanceof Map ? values : undefined
  let next = 0
  const take = (): Value => {
    const value = positional[next++]
    if (value === undefined) throw typeError('not enough arguments for format string')
    return value
  }
  const size = (part: string | undefined): number | undefined => {
    if (part === undefined) return undefined
    const n = part === '*' ? numeric(usable(take())) : { int: Number(part) }
    if (!n || 'float' in n) throw typeError('* wants int')
    if (Number(n.int) > maxWidth) throw valueError('width too big')
    return Number(n.int)
  }
  const result = text.replace(
    conversion,
    (_, key: string | undefined, flags: string, w, p, type: string | undefined) => {
      if (type === undefined) throw valueError('incomplete format')
      if (key === undefined && type === '%') return '%'
      const width = size(w) ?? 0
      const precision = size(p)
      const value = key === undefined ? take() : byName(named, key)
      const shown = Math.abs(width)
      return layOut(convert(type, value, flags, precision), width < 0 ? `${flags}-` : flags, shown, isNumber(type))
    },
  )
  const isSubscriptable = named !== undefined || Array.isArray(values)
  if (next < positional.length && !isSubscriptable) {
    throw typeError('not all arguments converted during string formatting')
  }
  return result
}

function byName(named: ReadonlyMap<unknown, Value> | undefined, key: string): Value {
  if (!named) throw typeError('format requires a mapping')
  const value = dictGet(named as never, key)
  if (value === undefined) throw new PythonError('KeyError', repr(key))
  return value
}

function isNumber(type: string): boolean {
  return 'diuoxXeEfFgG'.includes(type)
}

function convert(type: string, value: Value, flags: string, precision: number | undefined): string {
  const v = usable(value)
  if ('sra'.includes(type)) {
    const text = type === 's' ? str(v) : repr(v)
    return precision === undefined ? text : characters(text).slice(0, precision).join('')
  }
  if (type === 'c') return character(v)
  if (!isNumber(type))
    throw valueError(`unsupported format character '${type}' (0x${type.codePointAt(0)?.toString(16)})`)
  const n = numeric(v)
  const whole = 'diu'.includes(type)
  if (!n)
    throw typeError(
      whole || 'oxX'.includes(type)
        ? `%${type} format: ${whole ? 'a real number' : 'an integer'} is required, not ${typeName(v)}`
        : `must be real number, not ${typeName(v)}`,
    )
  const negative = 'int' in n ? n.int < 0 : n.float < 0 || Object.is(n.float, -0)
  const sign = negative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
  if ('eEfFgG'.includes(type)) return sign + formatFloatAs(type, Math.abs(toFloat(n)), precision, flags.includes('#'))
  if ('float' in n && !whole) throw typeError(`%${type} format: an integer is required, not float`)
  const base = type === 'o' ? 8 : type.toLowerCase() === 'x' ? 16 : 10
  const integer = 'int' in n ? n.int : BigInt(truncated(n.float))
  const digits = integer
    .toString(base)
    .replace('-', '')
    .padStart(precision ?? 0, '0')
  const prefix = flags.includes('#') && base !== 10 ? `0${type}` : ''
  return sign + prefix + (type === 'X' ? digits.toUpperCase() : digits)
}

function truncated(v: number): number {
  if (Number.isNaN(v)) throw valueError('cannot convert float NaN to integer')
  if (!Number.isFinite(v)) throw new PythonError('OverflowError', 'cannot convert float infinity to integer')
  return Math.trunc(v)
}

function character(v: Value): string {
  if (typeof v === 'string' && characterCount(v) === 1) return v
  const n = numeric(v)
  if (!n || 'float' in n) throw typeError('%c requires int or char')
  if (n.int < 0 || n.int > 0x10ffff) throw new PythonError('OverflowError', '%c arg not in range(0x110000)')
  return String.fromCodePoint(Number(n.int))
}

function layOut(text: string, flags: string, width: number, number: boolean): string {
  const room = width - characterCount(text)
  if (room <= 0) return text
  if (flags.includes('-')) return text + ' '.repeat(room)
  if (!number || !flags.includes('0') || /[a-z]{3}$/i.test(text)) return ' '.repeat(room) + text
  const [head = ''] = /^[+\- ]?(?:0[oxX])?/.exec(text) ?? []
  return head + '0'.repeat(room) + text.slice(head.length)
}
