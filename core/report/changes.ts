import { structuredPatch } from 'diff'
import type { Json } from '../events/json.ts'
import type { EventChange, TextDiff } from '../events/types.ts'
import type { Paint } from './paint.ts'
import { oneLine, printable } from './printable.ts'

const WIDTH = 60

function show(value: Json | undefined): string {
  return oneLine(
    typeof value === 'string' ? (value === '' ? "''" : value) : (JSON.stringify(value) ?? 'nothing'),
    WIDTH,
  )
}

/** A change on one line: `~ mode  0644 → 0600`. */
export function changeLine(change: EventChange, paint: Paint): string {
  return `${markOf(change, paint)}${changeText(change, paint)}`
}

function markOf({ effect, before, after, unknown }: EventChange, paint: Paint): string {
  if (effect === 'action') return `${paint.cyan('*')} `
  if (before === undefined) return `${paint.green('+')} `
  return after === undefined && !unknown ? `${paint.red('-')} ` : `${paint.yellow('~')} `
}

/** The same without its mark. */
export function changeText(change: EventChange, paint: Paint): string {
  const { before, after, unknown, effect, note } = change
  const later = unknown ? paint.dim('known after it is applied') : after === undefined ? '' : show(after)
  const values =
    before === undefined
      ? later
      : later === '' && after === undefined
        ? show(before)
        : `${show(before)} ${paint.dim('→')} ${later}`
  const why = note === undefined ? '' : paint.dim(`  (${oneLine(note, 100)})`)
  const wait = effect === 'pending' ? paint.dim('  (waits)') : ''
  return `${oneLine(change.path, WIDTH)}${values === '' ? '' : `  ${values}`}${wait}${why}`
}

/** A unified diff with three lines of context, at most `limit` lines. */
export function diffLines(diff: TextDiff, paint: Paint, limit = 400): string[] {
  const patch = structuredPatch(diff.header, diff.header, diff.before, diff.after, '', '', { context: 3 })
  const lines = [
    paint.dim(`--- ${oneLine(diff.header, 200)} before`),
    paint.dim(`+++ ${oneLine(diff.header, 200)} after`),
  ]
  for (const hunk of patch.hunks) {
    lines.push(paint.cyan(`@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`))
    for (const line of hunk.lines) {
      const text = printable(line)
      lines.push(line.startsWith('+') ? paint.green(text) : line.startsWith('-') ? paint.red(text) : text)
    }
  }
  return lines.length <= limit ? lines : [...lines.slice(0, limit), paint.dim(`… ${lines.length - limit} more lines`)]
}
