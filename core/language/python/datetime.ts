import { Callable, PythonObject, type Value } from '../values.ts'
import { floatValue, intValue } from './number.ts'
import { NamedTuple } from './object.ts'
import { strftime } from './strftime.ts'
import { str } from './text.ts'

const day = 86_400_000_000n

function sinceMidnight(micros: bigint): bigint {
  return ((micros % day) + day) % day
}

function two(n: number): string {
  return String(n).padStart(2, '0')
}

/** A naive datetime: microseconds on a calendar without zones. */
export class DateTime extends PythonObject {
  override readonly typeName: string = 'datetime'
  readonly micros: bigint

  constructor(micros: bigint) {
    super()
    this.micros = micros
  }

  /** The time of this machine's clock, in its zone or in UTC. */
  static now(utc: boolean): DateTime {
    const now = new Date()
    const offset = utc ? 0 : -now.getTimezoneOffset()
    return new DateTime(BigInt(now.getTime() + offset * 60_000) * 1000n)
  }

  /** Its fields, readable with the getUTC… methods. */
  get date(): Date {
    return new Date(Number((this.micros - BigInt(this.microsecond)) / 1000n))
  }

  get microsecond(): number {
    return Number(((this.micros % 1_000_000n) + 1_000_000n) % 1_000_000n)
  }

  /** Python's strftime; %s takes it for a time of this machine's zone. */
  strftime(format: string): string {
    return strftime(format, this.date, { epoch: localTimestamp(this.date), microsecond: this.microsecond })
  }

  override str(): string {
    const fraction = this.microsecond === 0 ? '' : `.${String(this.microsecond).padStart(6, '0')}`
    return this.strftime('%Y-%m-%d %H:%M:%S') + fraction
  }

  override repr(): string {
    const d = this.date
    const parts = [
      d.getUTCFullYear(),
      d.getUTCMonth() + 1,
      d.getUTCDate(),
      d.getUTCHours(),
      d.getUTCMinutes(),
      d.getUTCSeconds(),
      this.microsecond,
    ]
    while (parts.length > 5 && parts.at(-1) === 0) parts.pop()
    return `datetime.datetime(${parts.join(', ')})`
  }

  override equals(other: Value): boolean {
    return other instanceof DateTime && other.typeName === this.typeName && other.micros === this.micros
  }

  override compare(other: Value): number | undefined {
    if (!(other instanceof DateTime) || other.typeName !== this.typeName) return undefined
    return Number(this.micros - other.micros)
  }

  override operate(operator: string, other: Value): Value | undefined {
    if (other instanceof DateTime && other.typeName !== this.typeName) return undefined
    if (operator === '-' && other instanceof DateTime) return new TimeDelta(this.micros - other.micros)
    if (!(other instanceof TimeDelta)) return undefined
    if (operator === '+') return new DateTime(this.micros + other.micros)
    return operator === '-' ? new DateTime(this.micros - other.micros) : undefined
  }

  override attribute(name: string): Value | undefined {
    const d = this.date
    const fields: Record<string, () => Value> = {
      year: () => d.getUTCFullYear(),
      month: () => d.getUTCMonth() + 1,
      day: () => d.getUTCDate(),
      hour: () => d.getUTCHours(),
      minute: () => d.getUTCMinutes(),
      second: () => d.getUTCSeconds(),
      microsecond: () => this.microsecond,
      strftime: () => new Callable('strftime', (args) => this.strftime(str(args[0] ?? null))),
      isoformat: () => new Callable('isoformat', () => this.str().replace(' ', 'T')),
      timestamp: () => new Callable('timestamp', () => floatValue(localTimestamp(d) + this.microsecond / 1e6)),
      weekday: () => new Callable('weekday', () => (d.getUTCDay() + 6) % 7),
      isoweekday: () => new Callable('isoweekday', () => d.getUTCDay() || 7),
      date: () => new Callable('date', () => new CalendarDate(this.micros)),
    }
    return Object.hasOwn(fields, name) ? fields[name]?.() : undefined
  }
}

/** What `date()` gives of a datetime: its day. */
export class CalendarDate extends DateTime {
  override readonly typeName: string = 'date'

  constructor(micros: bigint) {
    super(micros - sinceMidnight(micros))
  }

  override str(): string {
    return this.strftime('%Y-%m-%d')
  }

  override repr(): string {
    const d = this.date
    return `datetime.date(${d.getUTCFullYear()}, ${d.getUTCMonth() + 1}, ${d.getUTCDate()})`
  }

  override operate(operator: string, other: Value): Value | undefined {
    const days = other instanceof TimeDelta ? new TimeDelta(other.micros - sinceMidnight(other.micros)) : other
    const result = super.operate(operator, days)
    return result instanceof DateTime ? new CalendarDate(result.micros) : result
  }

  override attribute(name: string): Value | undefined {
    return timeOfDay.has(name) ? undefined : super.attribute(name)
  }
}

const timeOfDay = new Set(['hour', 'minute', 'second', 'microsecond', 'timestamp', 'date'])

function localTimestamp(d: Date): number {
  const [y, m, date, h, min, s] = [
    d.getUTCFullYear(),
    d.getUTCMonth(),
    d.getUTCDate(),
    d.getUTCHours(),
    d.getUTCMinutes(),
    d.getUTCSeconds(),
  ]
  return new Date(y, m, date, h, min, s).getTime() / 1000
}

/** The difference of two datetimes. */
export class TimeDelta extends PythonObject {
  override readonly typeName = 'timedelta'
  readonly micros: bigint

  constructor(micros: bigint) {
    super()
    this.micros = micros
  }

  #parts(): [days: number, seconds: number, micros: number] {
    const rest = sinceMidnight(this.micros)
    return [Number((this.micros - rest) / day), Number(rest / 1_000_000n), Number(rest % 1_000_000n)]
  }

  override truth(): boolean {
    return this.micros !== 0n
  }

  override str(): string {
    const [days, seconds, micros] = this.#parts()
    const clock = `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
    const fraction = micros === 0 ? '' : `.${String(micros).padStart(6, '0')}`
    return (days === 0 ? '' : `${days} day${Math.abs(days) === 1 ? '' : 's'}, `) + clock + fraction
  }

  override repr(): string {
    const names = ['days', 'seconds', 'microseconds']
    const shown = this.#parts().flatMap((n, i) => (n === 0 ? [] : [`${names[i]}=${n}`]))
    return `datetime.timedelta(${shown.join(', ') || '0'})`
  }

  override equals(other: Value): boolean {
    return other instanceof TimeDelta && other.micros === this.micros
  }

  override compare(other: Value): number | undefined {
    return other instanceof TimeDelta ? Number(this.micros - other.micros) : undefined
  }

  override operate(operator: string, other: Value): Value | undefined {
    if (operator === '+' && other instanceof DateTime) return other.operate(operator, this)
    if (!(other instanceof TimeDelta)) return undefined
    if (operator === '+') return new TimeDelta(this.micros + other.micros)
    if (operator === '-') return new TimeDelta(this.micros - other.micros)
    return operator === '/' && other.micros !== 0n ? floatValue(Number(this.micros) / Number(other.micros)) : undefined
  }

  override attribute(name: string): Value | undefined {
    if (name === 'total_seconds') return new Callable(name, () => floatValue(Number(this.micros) / 1e6))
    const field = new NamedTuple(['days', 'seconds', 'microseconds'], this.#parts().map(intValue)).field(name)
    return field
  }
}
