import type { EventListener } from '../events/types.ts'

/** One JSON object a line, each valid against docs/schemas/events.schema.json. */
export function ndjsonReport(write: (text: string) => void): EventListener {
  return (event) => write(`${JSON.stringify(event)}\n`)
}
