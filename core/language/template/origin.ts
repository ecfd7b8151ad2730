import type { Position } from '../../events/types.ts'
import type { TemplatePart } from '../values.ts'

/** Where a template's text stands, to say where in the user's file an offset of it is. */
export interface Origin {
  readonly source: string
  readonly at: Position
  readonly parts?: readonly TemplatePart[] | undefined
  /** Characters that were put before the text to parse it. */
  readonly lead?: number
}

export function positionAt(origin: Origin, parsedOffset: number): Position {
  const { source, at, parts } = origin
  const offset = Math.max(0, Math.min(parsedOffset - (origin.lead ?? 0), source.length))
  let part: TemplatePart | undefined
  for (const candidate of parts ?? []) {
    if (candidate.offset > offset) break
    part = candidate
  }
  const from = part?.offset ?? 0
  const text = source.slice(from, offset)
  const newline = text.lastIndexOf('\n')
  const { line, column } = part ?? at
  if (newline < 0) return { file: at.file, line, column: column + text.length }
  let lines = 0
  for (const char of text) if (char === '\n') lines++
  return { file: at.file, line: line + lines, column: text.length - newline }
}
