import { readFileSync } from 'node:fs'
import { type Diagnostic, renderDiagnostic } from '../language/index.ts'
import type { Streams } from './streams.ts'

/** A file's text for an excerpt; undefined if it cannot be read. */
export function readForExcerpt(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** Prints all of them to stderr with the lines they speak of, through `redact`; answers whether an error is among them. */
export function printDiagnostics(
  diagnostics: readonly Diagnostic[],
  streams: Streams,
  options: { notes?: boolean; redact?: (text: string) => string } = {},
): boolean {
  const redact = options.redact ?? ((text: string) => text)
  for (const one of diagnostics) {
    if (one.severity === 'note' && !options.notes) continue
    streams.err.write(`${redact(renderDiagnostic(one, readForExcerpt))}\n`)
  }
  return diagnostics.some((one) => one.severity === 'error')
}
