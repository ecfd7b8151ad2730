import { plainScalar } from '../../yaml/scalar.ts'

const specialStart = /^[,?:[\]{}#&*!|>'"%@`-]/
const printable = /^[\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]*$/u

/** Whether a text stays that text when it is written without quotes. */
function isPlain(text: string, inFlow: boolean): boolean {
  if (text === '' || /^[ \n]|[ \n]$|\n/.test(text) || !printable.test(text)) return false
  if (/^(?:---|\.\.\.)/.test(text) || /[\t\x85\u2028\u2029]/.test(text)) return false
  if (specialStart.test(text) && !/^[?:-][^\s]/.test(text)) return false
  if (/: |:$| #/.test(text) || (/^[?:-]/.test(text) && /^.(?:\s|$)/.test(text))) return false
  if (inFlow && (/[,?[\]{}]/.test(text) || /:/.test(text) || /^[?:]/.test(text))) return false
  return (
    typeof plainScalar(text) === 'string' &&
    !/^\d{4}-\d\d?-\d\d?(?:$|[Tt \t])/.test(text) &&
    text !== '=' &&
    text !== '<<'
  )
}

/** A text as PyYAML with libyaml writes it: plain, single-quoted or double-quoted, folded past the width. */
export function writeText(
  text: string,
  column: number,
  indent: number,
  width: number,
  inFlow: boolean,
  isKey: boolean,
): string {
  const limit = isKey ? Number.POSITIVE_INFINITY : width
  if (isPlain(text, inFlow)) return fold(text, column, indent, limit)
  const canSingle =
    printable.test(text) &&
    !/ \n|\n /.test(text) &&
    !/[\t\x85\u2028\u2029\ufeff]/.test(text) &&
    !(isKey && text.includes('\n'))
  if (!canSingle) return doubleQuoted(text, column, indent, limit)
  return singleQuoted(text, column, indent, limit)
}

/** Breaks at single spaces once the line is full. */
function fold(text: string, start: number, indent: number, width: number): string {
  let column = start
  return text.replace(/([^ ]+)|( +)/g, (run, _word: string | undefined, space: string | undefined, at: number) => {
    if (space === ' ' && column > width && at > 0 && at + 1 < text.length) {
      column = indent
      return `\n${' '.repeat(indent)}`
    }
    column += run.length
    return run
  })
}

function singleQuoted(text: string, column: number, indent: number, width: number): string {
  const lines = text.replaceAll("'", "''").split('\n')
  const parts = lines.map((line, i) => fold(line, i === 0 ? column + 1 : indent, indent, width))
  let out = `'${parts[0]}`
  let breaks = 0
  for (const part of parts.slice(1)) {
    breaks++
    if (part === '') continue
    out += `${'\n'.repeat(breaks + 1)}${' '.repeat(indent)}${part}`
    breaks = 0
  }
  if (breaks > 0) out += `${'\n'.repeat(breaks + 1)}${' '.repeat(indent)}`
  return `${out}'`
}

const escapes: Record<string, string> = {
  '\0': '0',
  '\x07': 'a',
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\v': 'v',
  '\f': 'f',
  '\r': 'r',
  '\x1b': 'e',
  '"': '"',
  '\\': '\\',
  '\x85': 'N',
  '\xa0': '_',
  '\u2028': 'L',
  '\u2029': 'P',
}

function escapeCharacter(c: string): string {
  const short = escapes[c]
  if (short !== undefined) return `\\${short}`
  const code = c.codePointAt(0) ?? 0
  const hex = code.toString(16).toUpperCase()
  return code < 0x100
    ? `\\x${hex.padStart(2, '0')}`
    : code < 0x10000
      ? `\\u${hex.padStart(4, '0')}`
      : `\\U${hex.padStart(8, '0')}`
}

function doubleQuoted(text: string, start: number, indent: number, width: number): string {
  let column = start + 1
  let out = '"'
  const all = Array.from(text)
  for (const [i, c] of all.entries()) {
    const piece =
      /["\\\x85\u2028\u2029\ufeff]/.test(c) || !printable.test(c) || /[\t\n]/.test(c) ? escapeCharacter(c) : c
    if (c === ' ' && all[i - 1] !== ' ' && column > width && i > 0 && i < all.length - 1) {
      out += `\n${' '.repeat(indent)}${all[i + 1] === ' ' ? '\\' : ''}`
      column = indent
    } else {
      out += piece
      column += piece.length
    }
  }
  return `${out}"`
}
