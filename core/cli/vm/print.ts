import { columnsOf, oneLine } from '../../report/printable.ts'
import type { OpenFleet } from './open.ts'

/** Wide enough for every name that libvirt allows. */
const CELL = 256

/** A column of a table and how a row's cell reads; numbers stand to the right. */
export interface Column<R> {
  readonly title: string
  readonly right?: boolean
  cell(row: R): string
}

/** A table's lines, the header first. Texts of hosts are made harmless for a terminal. */
export function tableLines<R>(columns: readonly Column<R>[], rows: readonly R[]): string[] {
  const cells = [columns.map((c) => c.title), ...rows.map((row) => columns.map((c) => oneLine(c.cell(row), CELL)))]
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => columnsOf(row[i] ?? ''))))
  return cells.map((row) =>
    row
      .map((text, i) => {
        const fill = ' '.repeat((widths[i] ?? 0) - columnsOf(text))
        return columns[i]?.right ? fill + text : text + fill
      })
      .join('  ')
      .trimEnd(),
  )
}

/** `name: value` lines; those without a value are left out. */
export function fieldLines(fields: readonly (readonly [string, string | undefined])[]): string[] {
  const shown = fields.filter(([, value]) => value !== undefined && value !== '')
  const width = Math.max(0, ...shown.map(([name]) => name.length)) + 1
  return shown.map(([name, value]) => `${`${name}:`.padEnd(width)} ${oneLine(value ?? '', 4 * CELL)}`)
}

/** A size in KiB for people: `512 MiB`, `2 GiB`, `1.5 GiB`. */
export function memoryText(kib: number | undefined): string {
  if (kib === undefined) return '-'
  const [size, unit] = kib >= 1024 * 1024 ? [kib / 1024 / 1024, 'GiB'] : [kib / 1024, 'MiB']
  return `${Number(size.toFixed(1))} ${unit}`
}

export function printLines({ streams, redactor }: OpenFleet, lines: readonly string[]): void {
  for (const line of lines) streams.out.write(`${redactor.text(line)}\n`)
}

/** A message: on stderr, where no program looks for data. */
export function tell({ streams, redactor }: OpenFleet, message: string): void {
  streams.err.write(`${redactor.text(oneLine(message, 16 * CELL))}\n`)
}

// What a terminal would obey or hide though it is within a JSON string.
const HIDDEN = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g

/** One JSON document on stdout. */
export function printJson({ streams, redactor }: OpenFleet, document: unknown): void {
  const text = redactor.text(JSON.stringify(document, null, 2))
  const escaped = text.replace(HIDDEN, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
  streams.out.write(`${escaped}\n`)
}
