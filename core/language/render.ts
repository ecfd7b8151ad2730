import type { Diagnostic } from './diagnostic.ts'

/**
 * A diagnostic for people: severity and message, the place, the line of the file with a caret under the column, the hint.
 * `readFile` gives a file's text, or undefined when it cannot be shown. Lines end with \n, without a final one.
 */
export function renderDiagnostic(d: Diagnostic, readFile: (file: string) => string | undefined): string {
  const out = [`${d.severity}: ${d.message} [${d.code}]`]
  if (d.at) {
    const number = String(d.at.line)
    const margin = ' '.repeat(number.length)
    out.push(`${margin}--> ${d.at.file}:${d.at.line}:${d.at.column}`)
    const line = readFile(d.at.file)?.split(/\r?\n/)[d.at.line - 1]
    if (line !== undefined) out.push(...excerpt(line, d.at.column, number, margin))
  }
  if (d.hint !== undefined) out.push(`${d.at ? ' '.repeat(String(d.at.line).length + 1) : ''}= hint: ${d.hint}`)
  return out.join('\n')
}

const widest = 100

/** Long lines are cut around the caret; control characters cannot reach the terminal. */
function excerpt(line: string, column: number, number: string, margin: string): string[] {
  const start = column > widest ? column - Math.floor(widest / 2) : 0
  const printable = (text: string) => text.replaceAll('\t', ' ').replace(/[\x00-\x1f\x7f-\x9f]/g, '\ufffd')
  const shown = printable(line.slice(start, start + widest))
  const cut = start > 0 ? '…' : ''
  return [
    `${margin} |`,
    `${number} | ${cut}${shown}${line.length > start + widest ? '…' : ''}`,
    `${margin} | ${' '.repeat(cut.length + Math.max(0, column - 1 - start))}^`,
  ]
}

const ranks = { error: 0, warning: 1, note: 2 }

/** In the order of files and lines, errors before notes at one place; each mistake once. */
export function sortDiagnostics(diagnostics: Iterable<Diagnostic>): Diagnostic[] {
  const unique = new Map<string, Diagnostic>()
  for (const d of diagnostics) {
    unique.set(JSON.stringify([d.code, d.message, d.at?.file, d.at?.line, d.at?.column]), d)
  }
  return [...unique.values()].sort(
    (a, b) =>
      compareText(a.at?.file ?? '', b.at?.file ?? '') ||
      (a.at?.line ?? 0) - (b.at?.line ?? 0) ||
      (a.at?.column ?? 0) - (b.at?.column ?? 0) ||
      ranks[a.severity] - ranks[b.severity],
  )
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
