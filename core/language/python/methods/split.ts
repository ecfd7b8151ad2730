import type { Value } from '../../values.ts'
import { boundLength } from '../arithmetic.ts'
import { characters } from '../characters.ts'
import { asIndex, asText } from '../convert.ts'
import { valueError } from '../error.ts'

/** What Python takes for white space in a string. */
const space = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
const word = new RegExp(`[^${space}]+`, 'g')
const onlySpace = new RegExp(`^[${space}]*$`)

/** str.strip: white space, or any of the given characters. */
export function stripText(text: string, chars: Value | undefined, left: boolean, right: boolean): string {
  const set = chars === undefined || chars === null ? undefined : new Set(characters(asText(chars, 'strip arg')))
  const strips = (c: string): boolean => (set ? set.has(c) : onlySpace.test(c))
  const all = characters(text)
  let start = 0
  let end = all.length
  if (left) while (start < end && strips(all[start] ?? '')) start++
  if (right) while (end > start && strips(all[end - 1] ?? '')) end--
  return all.slice(start, end).join('')
}

/** str.split and str.rsplit; without a separator at runs of white space. */
export function splitText(
  text: string,
  separator: Value | undefined,
  maximum: Value | undefined,
  fromRight: boolean,
): string[] {
  const max = maximum === undefined ? -1 : asIndex(maximum)
  if (separator === undefined || separator === null) return splitWords(text, max, fromRight)
  const sep = asText(separator, 'must be str or None')
  if (sep === '') throw valueError('empty separator')
  const parts = text.split(sep)
  if (max < 0 || parts.length - 1 <= max) return parts
  return fromRight
    ? [parts.slice(0, parts.length - max).join(sep), ...parts.slice(parts.length - max)]
    : [...parts.slice(0, max), parts.slice(max).join(sep)]
}

function splitWords(text: string, max: number, fromRight: boolean): string[] {
  const words = [...text.matchAll(word)]
  if (max < 0 || words.length <= max) return words.map((m) => m[0])
  if (fromRight) {
    const kept = words.slice(words.length - max)
    const border = kept[0]?.index ?? text.length
    return [stripText(text.slice(0, border), undefined, false, true), ...kept.map((m) => m[0])]
  }
  const rest = words[max]
  return [...words.slice(0, max).map((m) => m[0]), ...(rest ? [text.slice(rest.index)] : [])]
}

const lineEnd = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g

/** str.splitlines */
export function splitLines(text: string, keepEnds: boolean): string[] {
  const lines: string[] = []
  let start = 0
  for (const m of text.matchAll(lineEnd)) {
    lines.push(text.slice(start, m.index + (keepEnds ? m[0].length : 0)))
    start = m.index + m[0].length
  }
  return start < text.length ? [...lines, text.slice(start)] : lines
}

/** str.expandtabs */
export function expandTabs(text: string, size: number): string {
  boundLength(text.length * Math.max(1, size))
  let column = 0
  return characters(text)
    .map((c) => {
      if (c === '\n' || c === '\r') column = 0
      else if (c !== '\t') column++
      else {
        const fill = size > 0 ? size - (column % size) : 0
        column += fill
        return ' '.repeat(fill)
      }
      return c
    })
    .join('')
}
