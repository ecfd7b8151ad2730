import {
  asIndex,
  attribute,
  characterCount,
  characters,
  formatPercent,
  iterate,
  length,
  PythonError,
  str,
  typeError,
  valueError,
} from '../python/index.ts'
import type { FilterFunction } from '../types.ts'
import { Callable, Tuple, type Value } from '../values.ts'
import { comment } from './comment.ts'
import { count, flag, text } from './options.ts'
import { filterTable } from './table.ts'
import { wrapText } from './wrap.ts'

/** The filter that is a method of the text: `trim` is strip. */
function method(name: string) {
  return (input: Value, ...args: Value[]): Value => {
    const found = attribute(str(input), name)
    if (!(found instanceof Callable)) throw new Error(`str has no method ${name}`)
    return found.call(args, new Map())
  }
}

function indent(input: string, width: Value | undefined, first: boolean, blank: boolean): string {
  const unit = typeof width === 'string' ? width : ' '.repeat(count(width, 4))
  const [head = '', ...rest] = `${input}\n`.split(/\r\n|\r|\n/)
  rest.pop()
  const lines = rest.map((line) => (line === '' && !blank ? line : unit + line))
  return [first ? unit + head : head, ...lines].join('\n')
}

function truncate(input: string, size: number, kill: boolean, end: string, leeway: number): string {
  const all = characters(input)
  const room = size - characterCount(end)
  if (room < 0) throw new PythonError('FilterError', `expected length >= ${characterCount(end)}, got ${size}`)
  if (leeway < 0) throw new PythonError('FilterError', `expected leeway >= 0, got ${leeway}`)
  if (all.length <= size + leeway) return input
  const cut = all.slice(0, room).join('')
  const space = cut.lastIndexOf(' ')
  return (kill || space < 0 ? cut : cut.slice(0, space)) + end
}

/** Words begin after white space, a hyphen or an opening bracket. */
function title(input: string): string {
  return input
    .split(/([-\s({[<]+)/u)
    .map((word) => {
      const [first = '', ...rest] = characters(word)
      return first.toUpperCase() + rest.join('').toLowerCase()
    })
    .join('')
}

function replace(input: Value, [old, by, limit]: readonly (Value | undefined)[]): Value {
  const found = attribute(str(input), 'replace')
  if (!(found instanceof Callable)) throw new Error('str has no method replace')
  return found.call([str(old ?? null), str(by ?? null), limit ?? -1], new Map())
}

function fileSize(input: Value, binary: boolean): string {
  const bytes = Number(str(input))
  if (Number.isNaN(bytes)) throw valueError(`could not convert string to float: ${str(input)}`)
  const base = binary ? 1024 : 1000
  if (bytes === 1) return '1 Byte'
  if (bytes < base) return `${Math.trunc(bytes)} Bytes`
  const units = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y']
  const i = units.findIndex((_, n) => bytes < base ** (n + 2))
  const at = i < 0 ? units.length - 1 : i
  const unit = binary ? `${units[at]?.toUpperCase()}iB` : `${units[at]}B`
  return `${(bytes / base ** (at + 1)).toFixed(1)} ${unit}`
}

const format: FilterFunction = (input, args, kwargs) => {
  if (args.length > 0 && kwargs.size > 0)
    throw typeError("can't handle positional and keyword arguments at the same time")
  return formatPercent(str(input), kwargs.size > 0 ? new Map(kwargs) : new Tuple(args))
}

/** Filters of text. */
export const textFilters: [string, FilterFunction][] = [
  ['format', format],
  ['comment', comment],
  ...filterTable({
    capitalize: (v) => method('capitalize')(v),
    'center width?': (v, [width]) => method('center')(v, width ?? 80),
    'indent width? first? blank?': (v, [width, first, blank]) =>
      indent(str(v), width, flag(first, false), flag(blank, false)),
    lower: (v) => str(v).toLowerCase(),
    upper: (v) => str(v).toUpperCase(),
    'replace old new count?': (v, args) => replace(v, args),
    string: (v) => str(v),
    title: (v) => title(str(v)),
    'trim chars?': (v, [chars]) => method('strip')(v, chars ?? null),
    'truncate length? killwords? end? leeway?': (v, [size, kill, end, leeway]) =>
      truncate(
        str(v),
        count(size, 255),
        flag(kill, false),
        text(end, '...'),
        leeway === undefined || leeway === null ? 5 : asIndex(leeway),
      ),
    wordcount: (v) => str(v).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0,
    'wordwrap width? break_long_words? wrapstring? break_on_hyphens?': (v, [width, long, wrap, hyphens]) =>
      wrapText(str(v), count(width, 79), flag(long, true), text(wrap, '\n'), flag(hyphens, true)),
    'filesizeformat binary?': (v, [binary]) => fileSize(v, flag(binary, false)),
    'split separator? maxsplit?': (v, [separator, max]) => method('split')(v, separator ?? null, max ?? -1),
    reverse: (v) => (typeof v === 'string' ? characters(v).reverse().join('') : [...iterate(v)].reverse()),
    length: (v) => length(v),
    count: (v) => length(v),
    bool: (v) => toBool(v),
  }),
]

/** Ansible's bool: None stays, `yes`, `on`, `1`, `true` are true, all else is false. */
function toBool(v: Value): Value {
  if (v === null || typeof v === 'boolean') return v
  return typeof v === 'string'
    ? ['yes', 'on', '1', 'true'].includes(v.toLowerCase())
    : v === 1 || (typeof v === 'object' && str(v) === '1.0')
}
