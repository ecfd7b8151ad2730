import type { EventOf } from '../events/types.ts'
import type { Paint } from './paint.ts'
import { oneLine, printable } from './printable.ts'

type Values = EventOf<'host_result'>['result']

const OUTPUT_LINES = 20
const MESSAGE_LINES = 200
const LINE_WIDTH = 2000

/** The command and the last lines of its output: with a failure, and under -v. */
export function outputLines(result: Values, message: string, paint: Paint, verbosity: number): string[] {
  const lines: string[] = []
  const { cmd } = result ?? {}
  if (typeof cmd === 'string' || Array.isArray(cmd)) {
    lines.push(paint.dim(`$ ${oneLine(Array.isArray(cmd) ? cmd.map(String).join(' ') : cmd, 200)}`))
  }
  for (const stream of ['stdout', 'stderr'] as const) {
    const text = result?.[stream]
    if (typeof text !== 'string' || text.trim() === '' || text.trim() === message.trim()) continue
    const all = printable(text).replace(/\n$/, '').split('\n')
    const shown = verbosity > 1 ? all : all.slice(-OUTPUT_LINES)
    if (shown.length < all.length)
      lines.push(paint.dim(`… ${all.length - shown.length} lines of ${stream} before; -vv shows all`))
    lines.push(...shown.map((line) => `${paint.dim('│')} ${oneLine(line, LINE_WIDTH)}`))
  }
  return lines
}

/** What debug says: text as text, anything else as JSON. */
export function messageLines(result: Values, verbosity: number): string[] {
  const entries = Object.entries(result ?? {}).filter(([name]) => !['changed', 'failed', 'skipped'].includes(name))
  const lines = entries.flatMap(([name, value]) => {
    const text = typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? 'null')
    return printable(name === 'msg' ? text : `${name}: ${text}`).split('\n')
  })
  if (verbosity > 1 || lines.length <= MESSAGE_LINES) return lines
  return [...lines.slice(0, MESSAGE_LINES), `… ${lines.length - MESSAGE_LINES} more lines; -vv shows all`]
}
