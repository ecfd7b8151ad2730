import type { JsonObject } from '../../events/json.ts'
import type { TextDiff } from '../../events/types.ts'
import type { DictKey, Value } from '../../language/values.ts'
import type { Change } from '../../module/types.ts'

/** What a module's turn on one host came to, before `changed_when` and the like. */
export interface Answer {
  readonly status: 'done' | 'failed' | 'skipped' | 'undecided'
  readonly changed: boolean
  /** As the module gave it; `ansible_facts`, `add_host` and `add_group` in it have effects, see effects.ts. */
  readonly result: JsonObject
  readonly changes: readonly Change[]
  readonly diff: readonly TextDiff[]
  /** Why: of a failure, a skip, an undecided or an unchanged result. */
  readonly message?: string | undefined
  readonly hint?: string | undefined
  /** Check mode: a change was announced and not applied; these values hold all the same, all others are unknown. */
  readonly unapplied?: ReadonlyMap<DictKey, Value> | undefined
  /** Facts that an unapplied change may have made untrue. */
  readonly doubtfulFacts?: readonly string[] | undefined
  /** Undecided: the task whose change is missing; its own name where it was not run. */
  readonly cause?: string | undefined
}

export const answer = (parts: Partial<Answer> & Pick<Answer, 'status'>): Answer => ({
  status: parts.status,
  changed: parts.changed ?? false,
  result: parts.result ?? NOTHING,
  changes: parts.changes ?? NONE,
  diff: parts.diff ?? NONE,
  message: parts.message,
  hint: parts.hint,
  unapplied: parts.unapplied,
  doubtfulFacts: parts.doubtfulFacts,
  cause: parts.cause,
})

const NOTHING: JsonObject = {}
const NONE: readonly never[] = []

/** Text differences of changes, for --diff. */
export const textsOf = (changes: readonly Change[]): readonly TextDiff[] =>
  changes.length === 0 ? NONE : changes.flatMap((change) => (change.text ? [change.text] : []))
