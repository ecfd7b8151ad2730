import type { JsonObject } from '../../events/json.ts'
import type { EventChange, EventOf } from '../../events/types.ts'
import { type Change, UNKNOWN } from '../../module/types.ts'
import type { Include, Task } from '../../playbook/types.ts'
import { EventBounds } from './bounds.ts'
import type { Outcome } from './outcome.ts'
import type { Turn } from './turn.ts'

const MOST_CHANGES = 200
const HIDDEN = 'hidden by no_log'

/** A change as events carry it; its text goes under `diff`. */
export function eventChange({ text: _, after, ...change }: Change): EventChange {
  if (after === UNKNOWN) return { ...change, before: change.before as never, unknown: true }
  return { ...change, ...(after !== undefined && { after }) } as EventChange
}

type Result = EventOf<'host_result'>
type OutcomeFields = Pick<Result, 'status'> & {
  [K in 'result' | 'changes' | 'diff' | 'message']: Result[K] | undefined
}

/** What an event says of an outcome. With no_log only how it ended. */
export function outcomeFields(outcome: Outcome, hidden: boolean): OutcomeFields {
  const { status, json, changes, diff, message, hint } = outcome
  if (hidden) return { status, result: undefined, changes: undefined, diff: undefined, message: HIDDEN }
  const text = message === undefined ? undefined : hint === undefined ? message : `${message}\nhint: ${hint}`
  const bounds = new EventBounds()
  const said = text === undefined ? undefined : bounds.text(text)
  const result = bounds.object(outcome.items ? withoutResults(json) : json)
  const seen = outcome.items ? [] : bounds.changes(changes.slice(0, MOST_CHANGES).map(eventChange))
  const shown = outcome.items ? [] : bounds.diff(diff)
  return {
    status,
    result: result as never,
    changes: seen.length > 0 ? seen : undefined,
    diff: shown.length > 0 ? shown : undefined,
    message: said,
  }
}

function withoutResults({ results: _, ...rest }: JsonObject): JsonObject {
  return rest
}

export function emitItem(turn: Turn<Task | Include>, outcome: Outcome, hidden: boolean): void {
  turn.batch.run.events.emit({
    event: 'host_item',
    task: turn.id,
    host: turn.host.name,
    item: hidden ? HIDDEN : (outcome.label ?? ''),
    ...outcomeFields(outcome, hidden),
  })
}
