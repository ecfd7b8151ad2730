import { formatPercent, numeric, PythonError, str, toNumber } from '../python/index.ts'
import type { LookupFunction } from '../types.ts'
import type { Value } from '../values.ts'
import { inlineOptions } from './table.ts'

const maxItems = 1_000_000

interface Range {
  start: number
  end: number | undefined
  count: number | undefined
  stride: number
  format: string
}

function integer(name: string, value: Value): number {
  const n = numeric(value)
  const number = n
    ? toNumber(n)
    : /^(?:0x[0-9a-f]+|0[0-7]+|-?\d+)$/i.test(str(value))
      ? Number(str(value).replace(/^0(?=[0-7])/, '0o'))
      : Number.NaN
  if (!Number.isInteger(number)) throw new PythonError('FilterError', `can't parse ${name}=${str(value)} as integer`)
  return number
}

/** `start=1 end=5 stride=2 format=kvm%02d`, or in short `1-5/2:kvm%02d`. */
function parse(term: string, kwargs: ReadonlyMap<string, Value>): Range {
  const range: Range = { start: 1, end: undefined, count: undefined, stride: 1, format: '%d' }
  const short = /^(?:(-?(?:0x[0-9a-f]+|\d+))-)?(-?(?:0x[0-9a-f]+|\d+))(?:\/(-?\d+))?(?::(.+))?$/i.exec(term.trim())
  if (short) {
    if (short[1] !== undefined) range.start = integer('start', short[1])
    range.end = integer('end', short[2] ?? '')
    if (short[3] !== undefined) range.stride = integer('stride', short[3])
    if (short[4] !== undefined) range.format = short[4]
  }
  const given = new Map<string, Value>([...(short ? [] : inlineOptions(term).options), ...kwargs])
  for (const [name, value] of given) {
    if (name === 'format') range.format = str(value)
    else if (name === 'start' || name === 'end' || name === 'count' || name === 'stride')
      range[name] = integer(name, value)
    else throw new PythonError('FilterError', `unrecognized arguments to with_sequence: ${name}`)
  }
  return range
}

function numbers(range: Range): number[] {
  const { start, count } = range
  if (count !== undefined && range.end !== undefined)
    throw new PythonError('FilterError', "can't specify both count and end in with_sequence")
  if (count === undefined && range.end === undefined)
    throw new PythonError('FilterError', 'must specify count or end in with_sequence')
  if (count === 0 || range.stride === 0) return []
  const end = range.end ?? start + (count ?? 0) * range.stride - Math.sign(range.stride)
  if (range.stride > 0 && end < start) throw new PythonError('FilterError', 'to count backwards make stride negative')
  if (range.stride < 0 && end > start)
    throw new PythonError('FilterError', "to count forward don't make stride negative")
  const length = Math.floor((end - start) / range.stride) + 1
  if (length > maxItems) throw new PythonError('OverflowError', `a sequence of more than ${maxItems} items`)
  return Array.from({ length }, (_, i) => start + i * range.stride)
}

/** Numbers as text, by a format. */
export const sequence: LookupFunction = (terms, kwargs) => {
  const texts = terms.length === 0 ? [''] : terms.map(str)
  return texts.flatMap((term) => {
    const range = parse(term, kwargs)
    return numbers(range).map((n) => formatPercent(range.format, n))
  })
}
