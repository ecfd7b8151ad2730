import type { Position } from '../events/types.ts'
import type { YamlScalar } from '../language/types.ts'
import { Template, type Value, type Variables } from '../language/values.ts'
import { textStart } from './condition.ts'

/** `key=value` of a text, and what is left over. */
export interface FreeForm {
  readonly options: Variables
  /** The text without the options, undefined when nothing is left. */
  readonly rest: Value | undefined
  /** A quote or a template that is not closed. */
  readonly unclosed: boolean
}

interface Token {
  readonly start: number
  readonly end: number
}

/**
 * Takes `key=value` words out of the text of an action: all of them, or only those whose key is among `options`. Quotes join
 * words, and a template is one word whatever spaces are in it.
 */
export function freeForm(node: YamlScalar, options?: readonly string[]): FreeForm {
  const template = node.value instanceof Template ? node.value : undefined
  const text = template?.source ?? (typeof node.value === 'string' ? node.value : node.source)
  const whole = template ?? new Template(text, textStart(node))
  const { tokens, unclosed } = split(text)
  const result: Variables = new Map()
  let rest: Token[] = []
  for (const token of tokens) {
    const word = text.slice(token.start, token.end)
    const match = /^([A-Za-z_]\w*)=/.exec(word)
    if (!match || (options && !options.includes(match[1]!))) {
      rest.push(token)
      continue
    }
    result.set(match[1]!, part(whole, token.start + match[0].length, token.end))
  }
  if (rest.length === 0) return { options: result, rest: undefined, unclosed }
  // Options stand before or behind the text; only those in the middle make it be put together anew.
  const first = rest[0]!
  const last = rest.at(-1)!
  const inside = tokens.filter((t) => t.start > first.start && t.end < last.end && !rest.includes(t))
  if (inside.length === 0) return { options: result, rest: slice(whole, first.start, last.end), unclosed }
  rest = rest.map((token) => token)
  const joined = rest.map((token) => text.slice(token.start, token.end)).join(' ')
  return { options: result, rest: marked(joined, positionAt(whole, first.start)), unclosed }
}

function marked(text: string, at: Position): Value {
  return /\{[{%#]/.test(text) ? new Template(text, at) : text
}

/** A value: outer quotes are taken off. */
function part(whole: Template, start: number, end: number): Value {
  const text = whole.source.slice(start, end)
  const quote = text[0]
  if (text.length >= 2 && (quote === '"' || quote === "'") && text.at(-1) === quote) {
    if (!text.slice(1, -1).includes('\\')) return slice(whole, start + 1, end - 1)
    return marked(text.slice(1, -1).replaceAll(`\\${quote}`, quote), positionAt(whole, start + 1))
  }
  return slice(whole, start, end)
}

function slice(whole: Template, start: number, end: number): Value {
  const text = whole.source.slice(start, end)
  if (!/\{[{%#]/.test(text)) return text
  const parts = whole.parts
    ?.filter((p) => p.offset > start && p.offset < end)
    .map((p) => ({ ...p, offset: p.offset - start }))
  const at = positionAt(whole, start)
  const first = { offset: 0, line: at.line, column: at.column }
  return new Template(text, at, parts && parts.length > 0 ? [first, ...parts] : undefined)
}

function positionAt(whole: Template, offset: number): Position {
  const near = whole.parts?.filter((p) => p.offset <= offset).at(-1)
  if (near) return { ...whole.at, line: near.line, column: near.column + offset - near.offset }
  const before = whole.source.slice(0, offset).split('\n')
  const last = before.at(-1)!
  if (before.length === 1) return { ...whole.at, column: whole.at.column + last.length }
  return { ...whole.at, line: whole.at.line + before.length - 1, column: last.length + 1 }
}

const closings: Readonly<Record<string, string>> = { '{{': '}}', '{%': '%}', '{#': '#}' }

function split(text: string): { tokens: Token[]; unclosed: boolean } {
  const tokens: Token[] = []
  let start = -1
  let quote = ''
  let closing = ''
  for (let i = 0; i <= text.length; i++) {
    const c = text[i] ?? ''
    const two = text.slice(i, i + 2)
    if (closing !== '') {
      if (c === '') break
      if (two === closing) {
        closing = ''
        i++
      }
    } else if (quote !== '' && c !== '') {
      if (c === '\\') i++
      else if (c === quote) quote = ''
      else closing = closings[two] ?? ''
    } else if (c === '' || /\s/.test(c)) {
      if (start >= 0) tokens.push({ start, end: Math.min(i, text.length) })
      start = -1
    } else {
      if (start < 0) start = i
      if (c === '"' || c === "'") quote = c
      else if (c === '\\') i++
      else closing = closings[two] ?? ''
    }
  }
  if (start >= 0) tokens.push({ start, end: text.length })
  return { tokens, unclosed: quote !== '' || closing !== '' }
}
