/* The one event stream of a run: its types, its schema, its mouth. */
export type { Json, JsonObject } from './json.ts'
export { runEvent } from './schema.ts'
export { EventStream, type EventStreamOptions, type Redaction } from './stream.ts'
export type * from './types.ts'
