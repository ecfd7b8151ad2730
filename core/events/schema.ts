import * as z from 'zod'

/*
 * The one event stream of a run. These schemas are the source of the TypeScript types (types.ts) and of the published
 * JSON Schema (docs/schemas/events.schema.json). Fields are only ever added.
 */

/** Where something stands in a file of the user's: 1-based line and column. */
export const position = z.strictObject({ file: z.string(), line: z.int().min(1), column: z.int().min(1) })

/** What became of one task on one host. `undecided` exists only in check mode: see docs/adr/0002-check-mode-unknowns.md. */
export const hostStatus = z.enum(['ok', 'changed', 'skipped', 'failed', 'unreachable', 'cancelled', 'undecided'])

/** One difference between what is and what shall be. `pending` waits for a boot or a guest; `action` is an act without a state. */
export const change = z.strictObject({
  path: z.string(),
  before: z.json().optional(),
  after: z.json().optional(),
  /** After is not known before an earlier change is applied. */
  unknown: z.boolean().optional(),
  effect: z.enum(['now', 'pending', 'action']),
  note: z.string().optional(),
})

/** A textual difference, for files and documents. */
export const textDiff = z.strictObject({
  header: z.string(),
  before: z.string(),
  after: z.string(),
})

/** Counters of one host, as Ansible's recap has them: `ok` counts changed results too. */
export const hostStats = z.strictObject({
  ok: z.int(),
  changed: z.int(),
  failed: z.int(),
  unreachable: z.int(),
  skipped: z.int(),
  rescued: z.int(),
  ignored: z.int(),
})

const taskRef = { task: z.string(), host: z.string() }
const outcome = {
  status: hostStatus,
  /** What `register` would hold, redacted; left out for no_log. */
  result: z.record(z.string(), z.json()).optional(),
  changes: z.array(change).optional(),
  diff: z.array(textDiff).optional(),
  /** Why: the reason of a skip, a failure, an undecided or an ok result, one line. */
  message: z.string().optional(),
}

/** Fields every event carries: ISO time with milliseconds, run id, sequence number from 1. */
const envelope = { time: z.string(), run: z.string(), seq: z.int().min(1) }
const event = <N extends string, S extends z.ZodRawShape>(name: N, shape: S) =>
  z.strictObject({ event: z.literal(name), ...envelope, ...shape })

export const runEvent = z.discriminatedUnion('event', [
  event('run_started', {
    version: z.string(),
    playbooks: z.array(z.string()),
    check: z.boolean(),
    diff: z.boolean(),
  }),
  event('diagnostic', {
    severity: z.enum(['error', 'warning', 'note']),
    code: z.string(),
    message: z.string(),
    at: position.optional(),
    hint: z.string().optional(),
  }),
  event('play_started', { play: z.string(), name: z.string(), hosts: z.array(z.string()), at: position.optional() }),
  /** One serial batch of a play. */
  event('batch_started', { play: z.string(), batch: z.int().min(1), hosts: z.array(z.string()) }),
  event('task_started', {
    /** Unique in the run: the same task included twice has two ids. */
    task: z.string(),
    play: z.string(),
    /** As written, or rendered if it could be without a host. */
    name: z.string(),
    /** The role that brought the task, if any. */
    role: z.string().optional(),
    module: z.string(),
    handler: z.boolean(),
    /** How many hosts will run it now. */
    hosts: z.int(),
    at: position.optional(),
  }),
  /** The host began this task; until its host_result it is being waited for. */
  event('host_started', taskRef),
  event('host_progress', { ...taskRef, message: z.string(), percent: z.number().min(0).max(100).optional() }),
  event('host_line', { ...taskRef, stream: z.enum(['stdout', 'stderr']), line: z.string() }),
  /** One item of a loop, or one element of a fleet module's batch. */
  event('host_item', { ...taskRef, item: z.string(), ...outcome }),
  event('host_retry', { ...taskRef, attempt: z.int(), retries: z.int() }),
  event('host_result', {
    ...taskRef,
    ...outcome,
    duration_ms: z.number(),
    ignored: z.boolean().optional(),
    rescued: z.boolean().optional(),
    /** Host that did the work, where it was delegated. */
    delegated_to: z.string().optional(),
  }),
  event('handler_notified', { ...taskRef, handlers: z.array(z.string()) }),
  event('play_finished', { play: z.string() }),
  /** Someone asked the run to stop: 1 lets what must not be cut finish, 2 ends the remote processes. */
  event('interrupted', { level: z.int().min(1).max(2), waiting_for: z.array(z.strictObject(taskRef)) }),
  event('run_finished', {
    stats: z.record(z.string(), hostStats),
    /** Check mode: per host, how many tasks could not be decided. */
    undecided: z.record(z.string(), z.int()),
    exit_code: z.int(),
    duration_ms: z.number(),
    /** Where an interrupted or aborted run stopped. */
    stopped_at: z.string().optional(),
  }),
])
