import type { EventChange } from '../../events/types.ts'
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

/** What an event says of an outcome. With no_log only how it ended. */
export function outcomeFields(outcome: Outcome, hidden: boolean) {
  const { status, json, changes, diff, message, hint } = outcome
  if (hidden) return { status, message: HIDDEN }
  const { results: _, ...rest } = json
  const text = message === undefined ? undefined : hint === undefined ? message : `${message}\nhint: ${hint}`
  const bounds = new EventBounds()
  const said = text === undefined ? {} : { message: bounds.text(text) }
  const result = bounds.object(outcome.items ? rest : json)
  const seen = outcome.items ? [] : bounds.changes(changes.slice(0, MOST_CHANGES).map(eventChange))
  const shown = outcome.items ? [] : bounds.diff(diff)
  return {
    status,
    result: result as never,
    ...(seen.length > 0 && { changes: seen }),
    ...(shown.length > 0 && { diff: shown }),
    ...said,
  }
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
