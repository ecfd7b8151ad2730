import { DateTime, numeric, PythonError, str, strftime, strptime, toNumber } from '../python/index.ts'
import type { FilterFunction } from '../types.ts'
import type { Value } from '../values.ts'
import { parseFloating } from './number.ts'
import { flag, text } from './options.ts'
import { filterTable } from './table.ts'

/** A time by a format, in the controller's zone or in UTC; without seconds since 1970: now. */
function formatTime(format: string, second: Value, utc: boolean): string {
  const n = second === null ? { float: Date.now() / 1000 } : numeric(second)
  const seconds = n ? toNumber(n) : parseFloating(str(second))
  if (seconds === undefined) throw new PythonError('FilterError', `Invalid value for epoch value (${str(second)})`)
  const date = new Date(Math.trunc(seconds) * 1000)
  const offset = utc ? 0 : -date.getTimezoneOffset()
  const name = utc
    ? 'UTC'
    : (new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' })
        .formatToParts(date)
        .find((p) => p.type === 'timeZoneName')?.value ?? '')
  return strftime(format, new Date(date.getTime() + offset * 60_000), { epoch: seconds, zone: { offset, name } })
}

/** Filters of time. */
export const timeFilters: [string, FilterFunction][] = filterTable({
  'strftime second? utc?': (v, [second, utc]) => formatTime(str(v), second ?? null, flag(utc, false)),
  'to_datetime format?': (v, [format]) => new DateTime(strptime(str(v), text(format, '%Y-%m-%d %H:%M:%S'))),
})
