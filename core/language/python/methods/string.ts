import { Tuple, type Value } from '../../values.ts'
import { boundLength } from '../arithmetic.ts'
import { characterCount, characters } from '../characters.ts'
import { asIndex, asText } from '../convert.ts'
import { typeError, valueError } from '../error.ts'
import { formatFields } from '../format.ts'
import { iterate, slice } from '../sequence.ts'
import { truth } from '../truth.ts'
import { typeName } from '../typename.ts'
import { capitalize, isTitle, swapCase, titleCase } from './case.ts'
import { expandTabs, splitLines, splitText, stripText } from './split.ts'
import { methodTable } from './table.ts'

/** Where `part` begins in code points, within the bounds, or -1. */
function find(
  text: string,
  part: Value | undefined,
  start: Value | undefined,
  stop: Value | undefined,
  last = false,
): number {
  const wanted = asText(part ?? null, 'argument')
  const window = slice(text, start ?? null, stop ?? null)
  const area = typeof window === 'string' ? window : ''
  const at = last ? area.lastIndexOf(wanted) : area.indexOf(wanted)
  if (at < 0) return -1
  const size = characterCount(text)
  const from = start === undefined || start === null ? 0 : asIndex(start)
  const offset = from < 0 ? Math.max(0, from + size) : from
  return offset > size ? -1 : offset + characterCount(area.slice(0, at))
}

function index(
  text: string,
  part: Value | undefined,
  start: Value | undefined,
  stop: Value | undefined,
  last = false,
): number {
  const at = find(text, part, start, stop, last)
  if (at < 0) throw valueError('substring not found')
  return at
}

function justify(
  text: string,
  width: Value | undefined,
  fill: Value | undefined,
  left: (room: number, width: number) => number,
): string {
  const filler = fill === undefined ? ' ' : asText(fill, 'The fill character')
  if (characterCount(filler) !== 1) throw typeError('The fill character must be exactly one character long')
  const wanted = asIndex(width ?? null)
  boundLength(wanted)
  const room = wanted - characterCount(text)
  if (room <= 0) return text
  const before = left(room, wanted)
  return filler.repeat(before) + text + filler.repeat(room - before)
}

/** As str.center does: the odd space goes left when the width is odd too. */
export function center(text: string, width: Value, fill?: Value): string {
  return justify(text, width, fill, (room, wanted) => Math.floor(room / 2) + (room & wanted & 1))
}

function partition(text: string, separator: Value | undefined, last: boolean): Tuple {
  const sep = asText(separator ?? null, 'separator')
  if (sep === '') throw valueError('empty separator')
  const at = last ? text.lastIndexOf(sep) : text.indexOf(sep)
  if (at < 0) return new Tuple(last ? ['', '', text] : [text, '', ''])
  return new Tuple([text.slice(0, at), sep, text.slice(at + sep.length)])
}

/** str.replace: every occurrence, or the first `count`. */
export function replaceText(text: string, old: string, by: string, count = -1): string {
  const parts = old === '' ? ['', ...characters(text), ''] : text.split(old)
  if (count >= 0 && count < parts.length - 1) parts.splice(count, parts.length, parts.slice(count).join(old))
  boundLength(text.length + parts.length * by.length)
  return parts.join(by)
}

function affix(
  text: string,
  prefixes: Value | undefined,
  start: Value | undefined,
  stop: Value | undefined,
  atEnd: boolean,
): boolean {
  const window = slice(text, start ?? null, stop ?? null)
  const area = typeof window === 'string' ? window : ''
  const wanted = prefixes instanceof Tuple ? prefixes.items : [prefixes ?? null]
  const name = atEnd ? 'endswith' : 'startswith'
  return wanted.some((p) => {
    if (typeof p !== 'string') throw typeError(`${name} first arg must be str or a tuple of str, not ${typeName(p)}`)
    return atEnd ? area.endsWith(p) : area.startsWith(p)
  })
}

function every(pattern: RegExp): (text: string) => boolean {
  return (text) => pattern.test(text)
}

export function joinText(separator: string, items: Value): string {
  const texts = iterate(items).map((item, i) => {
    if (typeof item !== 'string') throw typeError(`sequence item ${i}: expected str instance, ${typeName(item)} found`)
    return item
  })
  boundLength(texts.reduce((n, t) => n + t.length + separator.length, 0))
  return texts.join(separator)
}

export const stringMethods = methodTable<string>({
  capitalize,
  casefold: (s) => s.replaceAll('ß', 'ss').toLowerCase(),
  'center width fillchar?': (s, [width, fill]) => center(s, width ?? null, fill),
  'count sub start? end?': (s, [sub, start, stop]) => {
    const window = slice(s, start ?? null, stop ?? null)
    const part = asText(sub ?? null, 'argument')
    const area = typeof window === 'string' ? window : ''
    return part === '' ? characterCount(area) + 1 : area.split(part).length - 1
  },
  'endswith suffix start? end?': (s, [suffix, start, stop]) => affix(s, suffix, start, stop, true),
  'expandtabs tabsize?': (s, [size]) => expandTabs(s, size === undefined ? 8 : asIndex(size)),
  'find sub start? end?': (s, [sub, start, stop]) => find(s, sub, start, stop),
  'format_map mapping': (s, [mapping]) => {
    if (!(mapping instanceof Map)) throw typeError('format_map() wants a dict')
    return formatFields(s, [], new Map([...mapping].filter((e): e is [string, Value] => typeof e[0] === 'string')))
  },
  'index sub start? end?': (s, [sub, start, stop]) => index(s, sub, start, stop),
  isalnum: every(/^[\p{L}\p{N}]+$/u),
  isalpha: every(/^\p{L}+$/u),
  isascii: every(/^[\0-\x7f]*$/),
  isdecimal: every(/^\p{Nd}+$/u),
  isdigit: every(/^[\p{Nd}\u00b2\u00b3\u00b9\u2070-\u2079\u2080-\u2089]+$/u),
  isidentifier: every(/^[\p{ID_Start}_]\p{ID_Continue}*$/u),
  islower: (s) => /[\p{Ll}]/u.test(s) && !/[\p{Lu}\p{Lt}]/u.test(s),
  isnumeric: every(/^\p{N}+$/u),
  isprintable: (s) => !/[\p{C}\p{Z}]/u.test(s.replaceAll(' ', '')),
  isspace: every(/^[\s\x1c-\x1f\x85]+$/u),
  istitle: isTitle,
  isupper: (s) => /\p{Lu}/u.test(s) && !/[\p{Ll}\p{Lt}]/u.test(s),
  'join iterable': (s, [items]) => joinText(s, items ?? null),
  'ljust width fillchar?': (s, [width, fill]) => justify(s, width, fill, () => 0),
  lower: (s) => s.toLowerCase(),
  'lstrip chars?': (s, [chars]) => stripText(s, chars, true, false),
  'partition sep': (s, [sep]) => partition(s, sep, false),
  'removeprefix prefix': (s, [p]) => {
    const prefix = asText(p ?? null, 'argument')
    return s.startsWith(prefix) ? s.slice(prefix.length) : s
  },
  'removesuffix suffix': (s, [p]) => {
    const suffix = asText(p ?? null, 'argument')
    return s.endsWith(suffix) ? s.slice(0, s.length - suffix.length) : s
  },
  'replace old new count?': (s, [old, by, count]) =>
    replaceText(
      s,
      asText(old ?? null, 'argument'),
      asText(by ?? null, 'argument'),
      count === undefined ? -1 : asIndex(count),
    ),
  'rfind sub start? end?': (s, [sub, start, stop]) => find(s, sub, start, stop, true),
  'rindex sub start? end?': (s, [sub, start, stop]) => index(s, sub, start, stop, true),
  'rjust width fillchar?': (s, [width, fill]) => justify(s, width, fill, (room) => room),
  'rpartition sep': (s, [sep]) => partition(s, sep, true),
  'rsplit sep? maxsplit?': (s, [sep, max]) => splitText(s, sep, max, true),
  'rstrip chars?': (s, [chars]) => stripText(s, chars, false, true),
  'split sep? maxsplit?': (s, [sep, max]) => splitText(s, sep, max, false),
  'splitlines keepends?': (s, [keep]) => splitLines(s, keep !== undefined && truth(keep)),
  'startswith prefix start? end?': (s, [prefix, start, stop]) => affix(s, prefix, start, stop, false),
  'strip chars?': (s, [chars]) => stripText(s, chars, true, true),
  swapcase: swapCase,
  title: titleCase,
  upper: (s) => s.toUpperCase(),
  'zfill width': (s, [width]) => {
    const [sign = ''] = /^[+-]?/.exec(s) ?? []
    return sign + justify(s.slice(sign.length), asIndex(width ?? null) - sign.length, '0', (room) => room)
  },
})
