import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunEvent } from '../../../core/events/types.ts'
import { type ConsoleOptions, consoleReport } from '../../../core/report/index.ts'

export const GOLDEN = join(import.meta.dirname, '../../golden/report')

/** Names of the recorded runs. */
export const recordings = (): string[] =>
  readdirSync(GOLDEN)
    .filter((name) => name.endsWith('.ndjson'))
    .map((name) => name.replace('.ndjson', ''))

export const recorded = (name: string): RunEvent[] =>
  readFileSync(join(GOLDEN, `${name}.ndjson`), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent)

/** What the console says of a run. */
export function say(events: readonly RunEvent[], options: Partial<ConsoleOptions> = {}): string {
  let text = ''
  const write = (part: string): void => {
    text += part
  }
  const terminal = { columns: 100, write }
  const report = consoleReport({ terminal, live: false, colour: false, verbosity: 0, ...options })
  for (const event of events) report.listener(event)
  report.close()
  return text
}
