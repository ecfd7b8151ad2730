import type { JsonObject } from '../../events/json.ts'
import type { HostStatus, TextDiff } from '../../events/types.ts'
import type { Value } from '../../language/values.ts'
import type { Change } from '../../module/types.ts'

/** What became of one task, or one item of its loop, on one host. A value, never an exception. */
export interface Outcome {
  readonly status: HostStatus
  /** What `register` sees. */
  readonly value: Value
  /** The same as far as it is known, for events and for effects. */
  readonly json: JsonObject
  readonly changes: readonly Change[]
  readonly diff: readonly TextDiff[]
  readonly message?: string | undefined
  readonly hint?: string | undefined
  readonly delegatedTo?: string | undefined
  /** Check mode: names of facts that can no longer be known. */
  readonly doubtfulFacts?: readonly string[] | undefined
  /** Undecided or unapplied: the task that makes it so. */
  readonly cause?: string | undefined
  /** no_log was asked for: the result is not shown. */
  readonly hidden?: boolean | undefined
  /** Per item of a loop, in order. */
  readonly items?: readonly Outcome[]
  /** The item as it is shown. */
  readonly label?: string
}

/** The host changed, or would; so handlers are notified. */
export const isChange = (outcome: Outcome): boolean => outcome.status === 'changed'
