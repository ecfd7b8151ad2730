import type { Json, JsonObject } from '../../events/json.ts'
import type { EventChange } from '../../events/types.ts'
import { type Change, UNKNOWN } from '../../module/types.ts'
import type { Include, Task } from '../../playbook/types.ts'
import type { Outcome } from './outcome.ts'
import type { Turn } from './turn.ts'

/** Longer texts of a result are cut in events; `register` has them whole. */
const LONGEST_TEXT = 256 * 1024
const MOST_CHANGES = 200
const HIDDEN = 'hidden by no_log'

/** A change as events carry it; its text goes under `diff`. */
export function eventChange({ text: _, after, ...change }: Change): EventChange {
  if (after === UNKNOWN) return { ...change, before: change.before as never, unknown: true }
  return { ...change, ...(after !== undefined && { after }) } as EventChange
}

function bounded(value: Json | undefined): Json {
  if (typeof value === 'string')
    return value.length <= LONGEST_TEXT ? value : `${value.slice(0, LONGEST_TEXT)}… (${value.length} characters)`
  if (Array.isArray(value)) return value.map(bounded)
  if (value !== null && typeof value === 'object') return boundedObject(value as JsonObject)
  return value ?? null
}

function boundedObject(value: JsonObject): Record<string, Json> {
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, bounded(one)]))
}

/** What an event says of an outcome. With no_log only how it ended. */
export function outcomeFields(outcome: Outcome, hidden: boolean) {
  const { status, json, changes, diff, message, hint } = outcome
  if (hidden) return { status, message: HIDDEN }
  const { results: _, ...rest } = json
  const text = message === undefined ? undefined : hint === undefined ? message : `${message}\nhint: ${hint}`
  const seen = changes.slice(0, MOST_CHANGES)
  return {
    status,
    result: boundedObject(outcome.items ? rest : json) as never,
    ...(seen.length > 0 && !outcome.items && { changes: seen.map(eventChange) }),
    ...(diff.length > 0 && !outcome.items && { diff: [...diff] }),
    ...(text !== undefined && { message: text }),
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
