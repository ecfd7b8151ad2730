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
  readonly message?: string
  readonly hint?: string
  /** Check mode: a change was announced and not applied; these values hold all the same, all others are unknown. */
  readonly unapplied?: ReadonlyMap<DictKey, Value>
  /** Facts that an unapplied change may have made untrue. */
  readonly doubtfulFacts?: readonly string[]
  /** Undecided: the task whose change is missing; its own name where it was not run. */
  readonly cause?: string
}

export const answer = (parts: Partial<Answer> & Pick<Answer, 'status'>): Answer => ({
  changed: false,
  result: {},
  changes: [],
  diff: [],
  ...parts,
})

/** Text differences of changes, for --diff. */
export const textsOf = (changes: readonly Change[]): TextDiff[] =>
  changes.flatMap((change) => (change.text ? [change.text] : []))
