import { structuredPatch } from 'diff'
import type { Json } from '../events/json.ts'
import type { EventChange, TextDiff } from '../events/types.ts'
import type { Paint } from './paint.ts'
import { oneLine, printable } from './printable.ts'

const WIDTH = 60

function show(value: Json | undefined): string {
  return oneLine(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing'), WIDTH)
}

/** A change on one line: `mode  0644 → 0600`. */
export function changeLine(change: EventChange, paint: Paint): string {
  const after = change.unknown ? 'known after it is applied' : show(change.after)
  const what = oneLine(change.path, WIDTH)
  const why = change.note === undefined ? '' : paint.dim(`  (${oneLine(change.note, 100)})`)
  const wait = change.effect === 'pending' ? paint.dim('  (at the next start)') : ''
  if (change.effect === 'action') return `${what}: ${after}${why}`
  if (change.before === undefined)
    return `${paint.green('+')} ${what}${change.after === undefined && !change.unknown ? '' : `  ${after}`}${wait}${why}`
  if (change.after === undefined && !change.unknown)
    return `${paint.red('-')} ${what}  ${show(change.before)}${wait}${why}`
  return `${paint.yellow('~')} ${what}  ${show(change.before)} → ${after}${wait}${why}`
}

/** A unified diff with three lines of context, at most `limit` lines. */
export function diffLines(diff: TextDiff, paint: Paint, limit = 400): string[] {
  const patch = structuredPatch(diff.header, diff.header, diff.before, diff.after, '', '', { context: 3 })
  const lines = [paint.dim(`--- ${printable(diff.header)} before`), paint.dim(`+++ ${printable(diff.header)} after`)]
  for (const hunk of patch.hunks) {
    lines.push(paint.cyan(`@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`))
    for (const line of hunk.lines) {
      const text = printable(line)
      lines.push(line.startsWith('+') ? paint.green(text) : line.startsWith('-') ? paint.red(text) : text)
    }
  }
  return lines.length <= limit ? lines : [...lines.slice(0, limit), paint.dim(`… ${lines.length - limit} more lines`)]
}
