import { valueError } from './error.ts'

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

function pad(n: number, width = 2): string {
  return String(n).padStart(width, '0')
}

function dayOfYear(d: Date): number {
  return Math.floor((d.getTime() - Date.UTC(d.getUTCFullYear(), 0, 1)) / 86_400_000)
}

/** Year and week of ISO 8601. */
function isoWeek(d: Date): [number, number] {
  const thursday = new Date(d.getTime() + (3 - ((d.getUTCDay() + 6) % 7)) * 86_400_000)
  return [thursday.getUTCFullYear(), Math.floor(dayOfYear(thursday) / 7) + 1]
}

type Directive = (d: Date) => string

const directives: Record<string, Directive> = {
  Y: (d) => String(d.getUTCFullYear()),
  y: (d) => pad(d.getUTCFullYear() % 100),
  C: (d) => pad(Math.floor(d.getUTCFullYear() / 100)),
  m: (d) => pad(d.getUTCMonth() + 1),
  d: (d) => pad(d.getUTCDate()),
  e: (d) => String(d.getUTCDate()).padStart(2),
  H: (d) => pad(d.getUTCHours()),
  I: (d) => pad(d.getUTCHours() % 12 || 12),
  M: (d) => pad(d.getUTCMinutes()),
  S: (d) => pad(d.getUTCSeconds()),
  f: (d) => pad(d.getUTCMilliseconds() * 1000, 6),
  p: (d) => (d.getUTCHours() < 12 ? 'AM' : 'PM'),
  a: (d) => (days[d.getUTCDay()] ?? '').slice(0, 3),
  A: (d) => days[d.getUTCDay()] ?? '',
  b: (d) => (months[d.getUTCMonth()] ?? '').slice(0, 3),
  h: (d) => (months[d.getUTCMonth()] ?? '').slice(0, 3),
  B: (d) => months[d.getUTCMonth()] ?? '',
  j: (d) => pad(dayOfYear(d) + 1, 3),
  w: (d) => String(d.getUTCDay()),
  u: (d) => String(d.getUTCDay() || 7),
  U: (d) => pad(Math.floor((dayOfYear(d) + 7 - d.getUTCDay()) / 7)),
  W: (d) => pad(Math.floor((dayOfYear(d) + 7 - ((d.getUTCDay() + 6) % 7)) / 7)),
  V: (d) => pad(isoWeek(d)[1]),
  G: (d) => String(isoWeek(d)[0]),
  D: (d) => strftime('%m/%d/%y', d),
  F: (d) => strftime('%Y-%m-%d', d),
  T: (d) => strftime('%H:%M:%S', d),
  R: (d) => strftime('%H:%M', d),
  c: (d) => strftime('%a %b %e %H:%M:%S %Y', d),
  x: (d) => strftime('%m/%d/%y', d),
  X: (d) => strftime('%H:%M:%S', d),
  n: () => '\n',
  t: () => '\t',
  '%': () => '%',
}

/** What a Date's UTC fields do not say of a time. */
export interface TimeDetails {
  /** Seconds since 1970, for %s. */
  readonly epoch?: number
  /** For %f, finer than a Date. */
  readonly microsecond?: number
  /** For %z and %Z, which are empty without; offset in minutes. */
  readonly zone?: { readonly offset: number; readonly name: string }
}

/** strftime in the C locale, of a Date's UTC fields. Unknown directives stay. */
export function strftime(format: string, date: Date, { epoch, microsecond, zone }: TimeDetails = {}): string {
  return format.replace(/%(-?)([\s\S])/g, (all, bare: string, c: string) => {
    if (c === 's' && epoch !== undefined) return String(Math.floor(epoch))
    if (c === 'f' && microsecond !== undefined) return pad(microsecond, 6)
    if (c === 'Z') return zone?.name ?? ''
    if (c === 'z') return zone ? offsetText(zone.offset) : ''
    const text = Object.hasOwn(directives, c) ? directives[c]?.(date) : undefined
    return text === undefined ? all : bare ? text.replace(/^[0 ]+(?=.)/, '') : text
  })
}

function offsetText(minutes: number): string {
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}${pad(size % 60)}`
}

const patterns: Record<string, string> = {
  Y: '\\d{4}',
  y: '\\d\\d',
  m: '1[0-2]|0[1-9]|[1-9]',
  d: '3[01]|[12]\\d|0[1-9]|[1-9]| [1-9]',
  H: '2[0-3]|[01]\\d|\\d',
  I: '1[0-2]|0[1-9]|[1-9]',
  M: '[0-5]\\d|\\d',
  S: '6[01]|[0-5]\\d|\\d',
  f: '\\d{1,6}',
  j: '\\d{1,3}',
  p: '[aApP][mM]',
  z: '[+-]\\d\\d:?\\d\\d|Z',
  Z: 'UTC|GMT',
  a: days.map((d) => d.slice(0, 3)).join('|'),
  A: days.join('|'),
  b: months.map((m) => m.slice(0, 3)).join('|'),
  B: months.join('|'),
}

/** strptime in the C locale: microseconds since 1970, without a zone. */
export function strptime(text: string, format: string): bigint {
  const order: string[] = []
  const expanded = format.replaceAll('%T', '%H:%M:%S').replaceAll('%F', '%Y-%m-%d').replaceAll('%R', '%H:%M')
  const source = expanded.replace(/%([\s\S])|\s+|[\\^$.|?*+()[\]{}]/g, (all, c?: string) => {
    if (c === '%') return '%'
    if (c === undefined) return /\s/.test(all) ? '\\s+' : `\\${all}`
    const pattern = patterns[c]
    if (pattern === undefined) throw valueError(`'${c}' is a bad directive in format '${format}'`)
    order.push(c)
    return `(${pattern})`
  })
  const m = new RegExp(`^${source}$`, 'i').exec(text)
  if (!m) throw valueError(`time data '${text}' does not match format '${format}'`)
  const fields = new Map(order.map((c, i) => [c, m[i + 1] ?? '']))
  return fromFields(fields, text)
}

function fromFields(fields: ReadonlyMap<string, string>, text: string): bigint {
  const number = (c: string): number | undefined => (fields.has(c) ? Number(fields.get(c)) : undefined)
  const short = number('y')
  const year = number('Y') ?? (short === undefined ? 1900 : short < 69 ? 2000 + short : 1900 + short)
  const name = (fields.get('b') ?? fields.get('B'))?.slice(0, 3).toLowerCase()
  const month =
    name === undefined ? (number('m') ?? 1) : months.findIndex((x) => x.slice(0, 3).toLowerCase() === name) + 1
  const twelve = number('I')
  const isAfternoon = fields.get('p')?.toLowerCase() === 'pm'
  const hour = twelve === undefined ? (number('H') ?? 0) : (twelve % 12) + (isAfternoon ? 12 : 0)
  const dayOfMonth = number('d') ?? 1
  const date = new Date(0)
  date.setUTCFullYear(year, fields.has('j') ? 0 : month - 1, number('j') ?? dayOfMonth)
  if (!fields.has('j') && date.getUTCDate() !== dayOfMonth) throw valueError(`day is out of range for month: '${text}'`)
  date.setUTCHours(hour, number('M') ?? 0, number('S') ?? 0)
  return BigInt(date.getTime()) * 1000n + BigInt((fields.get('f') ?? '').padEnd(6, '0') || 0)
}
