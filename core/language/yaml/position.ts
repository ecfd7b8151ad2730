import type { Position } from '../../events/types.ts'
import type { TemplatePart } from '../values.ts'

/** Turns offsets of a text into lines and columns. */
export class Lines {
  readonly text: string
  readonly file: string
  readonly #starts: number[] = [0]

  constructor(text: string, file: string) {
    this.text = text
    this.file = file
    for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) this.#starts.push(i + 1)
  }

  at(offset: number): Position {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return { file: this.file, line: low + 1, column: offset - this.#starts[low]! + 1 }
  }

  /** The text of the line in which the offset lies. */
  line(offset: number): string {
    const start = this.#starts[this.at(offset).line - 1]!
    const end = this.text.indexOf('\n', start)
    return this.text.slice(start, end < 0 ? undefined : end)
  }
}

/**
 * Where the parts of a scalar stand in the file: each line as written, cut at its escapes, is looked for, in order, in
 * the scalar's value.
 */
export function scalarParts(lines: Lines, start: number, end: number, value: string): TemplatePart[] {
  const parts: TemplatePart[] = []
  const opening = lines.text[start] ?? ''
  const quote = opening === '"' || opening === "'" ? opening : ''
  const isBlock = opening === '|' || opening === '>'
  let cursor = 0
  let offset = start
  for (const raw of lines.text.slice(start, end).split('\n')) {
    const isFirst = offset === start
    const lead = isFirst ? quote.length : raw.length - raw.trimStart().length
    if (!(isFirst && isBlock)) {
      const body = raw.slice(lead).trimEnd()
      for (const piece of pieces(quote !== '' && body.endsWith(quote) ? body.slice(0, -1) : body, quote)) {
        const found = value.indexOf(piece.text, cursor)
        if (found < 0) continue
        const { line, column } = lines.at(offset + lead + piece.index)
        parts.push({ offset: found, line, column })
        cursor = found + piece.text.length
      }
    }
    offset += raw.length + 1
  }
  return parts
}

const escapes: Readonly<Record<string, RegExp>> = { "'": /''/g, '"': /\\(?:x..|u.{4}|U.{8}|.)/g }

/** The stretches of a line between its escapes. */
function* pieces(line: string, quote: string): Iterable<{ text: string; index: number }> {
  const pattern = escapes[quote]
  let index = 0
  for (const found of pattern ? line.matchAll(pattern) : []) {
    if (found.index > index) yield { text: line.slice(index, found.index), index }
    index = found.index + found[0].length
  }
  if (index < line.length) yield { text: line.slice(index), index }
}
