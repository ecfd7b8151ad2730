/* Consumers of the event stream. They know only events. */
export { type ConsoleOptions, type ConsoleReport, consoleReport } from './console.ts'
export type { Terminal } from './live.ts'
export { ndjsonReport } from './ndjson.ts'
export { printable } from './printable.ts'
export { clock } from './status-lines.ts'
