import { setTimeout as delay } from 'node:timers/promises'
import type { Json, JsonObject } from '../../events/json.ts'
import {
  DiagnosticError,
  errorAt,
  fromJson,
  repr,
  resolveAsync,
  type Scope,
  toJson,
  Unknown,
  type Value,
  type Variables,
} from '../../language/index.ts'
import type { AnyModule } from '../../module/types.ts'
import type { Include, Loop, Task } from '../../playbook/types.ts'
import { PartlyKnown } from '../check/partly-known.ts'
import { emitItem } from './events.ts'
import { guarded } from './guarded.ts'
import { numberOf } from './keywords.ts'
import type { Outcome } from './outcome.ts'
import type { Turn } from './turn.ts'

/** The items of a loop. Raises TemplateError and DiagnosticError. */
export async function itemsOf(loop: Loop, scope: Scope): Promise<Value[]> {
  const value = await resolveAsync(loop.items, scope)
  if (loop.lookup === undefined) {
    if (Array.isArray(value)) return value
    const hint = value instanceof Map ? 'use the filter dict2items' : 'a single item is written as a list too'
    throw new DiagnosticError([errorAt('loop-not-list', 'loop needs a list', loop.at, hint)])
  }
  const lookup = scope.environment.lookups.get(loop.lookup)
  if (!lookup) throw new DiagnosticError([errorAt('unknown-lookup', `there is no lookup '${loop.lookup}'`, loop.at)])
  return lookup(Array.isArray(value) ? value : [value], new Map(), { scope, at: loop.at })
}

/** Variables that one round of a loop has. */
export function roundVariables(loop: Loop, items: readonly Value[], index: number): Variables {
  const variables: Variables = new Map([
    [loop.loopVar, items[index]!],
    ['ansible_loop_var', loop.loopVar],
  ])
  if (loop.indexVar !== undefined) variables.set(loop.indexVar, index).set('ansible_index_var', loop.indexVar)
  if (loop.extended) {
    variables.set(
      'ansible_loop',
      new Map<string, Value>([
        ['index', index + 1],
        ['index0', index],
        ['revindex', items.length - index],
        ['revindex0', items.length - index - 1],
        ['first', index === 0],
        ['last', index === items.length - 1],
        ['length', items.length],
        ['allitems', [...items]],
        ...(index > 0 ? [['previtem', items[index - 1]!] as const] : []),
        ...(index + 1 < items.length ? [['nextitem', items[index + 1]!] as const] : []),
      ]),
    )
  }
  return variables
}

/** How an item is shown: its label, or itself. */
export async function labelOf(turn: Turn<Task | Include>, loop: Loop, local: Variables): Promise<string> {
  const item = local.get(loop.loopVar)!
  try {
    const value = loop.label === undefined ? item : await resolveAsync(loop.label, turn.scope(local))
    return typeof value === 'string' ? value : repr(value)
  } catch {
    return item instanceof Unknown ? 'an unknown item' : 'an item whose label is not known'
  }
}

/** Every item in its turn; the result has them all under `results`, as Ansible's. */
export async function runLoop(turn: Turn, module: AnyModule, loop: Loop, hidden: boolean): Promise<Outcome> {
  const items = await itemsOf(loop, turn.scope())
  if (items.length === 0) {
    const json: JsonObject = { changed: false, skipped: true, skipped_reason: 'No items in the list', results: [] }
    return { status: 'skipped', value: fromJson(json), json, changes: [], diff: [], message: 'no items in the list' }
  }
  const pause = (await numberOf(loop.pause, turn.scope(), 'pause', loop.at)) ?? 0
  const outcomes: Outcome[] = []
  for (const [index] of items.entries()) {
    if (turn.batch.run.interrupts.interrupted) break
    if (index > 0 && pause > 0) {
      await delay(pause * 1000, undefined, { signal: turn.batch.run.interrupts.soft })
      turn.batch.run.speculation.waited(turn.host.name, turn.host.name)
    }
    const local = roundVariables(loop, items, index)
    const round = { local, index, items }
    const outcome = { ...(await guarded(turn, module, round)), label: await labelOf(turn, loop, local) }
    const shown = withItem(outcome, local, loop)
    outcomes.push(shown)
    emitItem(turn, shown, hidden)
    if (outcome.status === 'unreachable' || outcome.status === 'cancelled') break
  }
  return combined(turn, outcomes)
}

/** The item stands in each result, as Ansible has it. */
function withItem(outcome: Outcome, local: Variables, loop: Loop): Outcome {
  const { value } = outcome
  if (!(value instanceof Map) || value.constructor !== Map) return outcome
  const item = local.get(loop.loopVar)!
  const more = new Map(value).set(loop.loopVar, item).set('ansible_loop_var', loop.loopVar)
  return {
    ...outcome,
    value: more,
    json: { ...outcome.json, ansible_loop_var: loop.loopVar, ...asJson(loop.loopVar, item) },
  }
}

function asJson(name: string, value: Value): Record<string, Json> {
  try {
    return { [name]: toJson(value) }
  } catch {
    return {}
  }
}

const BAD = ['unreachable', 'cancelled', 'failed'] as const
const ORDER = [...BAD, 'undecided', 'changed', 'ok', 'skipped'] as const
/** Where the run changes hosts: an item that the task has only checked hides no change. */
const ORDER_OF_CHANGES = [...BAD, 'changed', 'undecided', 'ok', 'skipped'] as const

/** Of a loop some of whose items are not decided: its results, and what one of them is enough for. */
function knownOf({ results, changed, failed }: { results: Value[]; changed: boolean; failed: boolean }) {
  const known = new Map<string, Value>([['results', results]])
  if (changed) known.set('changed', true)
  if (failed) known.set('failed', true).set('msg', 'One or more items failed')
  return known
}

function combined(turn: Turn, items: readonly Outcome[]): Outcome {
  const { check } = turn.batch.run
  const status =
    (check ? ORDER : ORDER_OF_CHANGES).find((one) => items.some((item) => item.status === one)) ?? 'cancelled'
  const failed = items.filter((item) => item.status === 'failed')
  const changed = items.some((item) => item.json.changed === true || item.status === 'changed')
  const known = items.every((item) => !(item.value instanceof Unknown))
  const message =
    status === 'failed'
      ? `${failed.length} of ${items.length} items failed: ${failed
          .map((item) => `${item.label}: ${item.message ?? 'failed'}`)
          .slice(0, 3)
          .join('; ')}`
      : items.find((item) => item.status === status && status !== 'ok' && status !== 'changed')?.message
  const flags = { changed, failed: failed.length > 0, skipped: status === 'skipped' }
  const msg = failed.length > 0 ? 'One or more items failed' : 'All items completed'
  const json: JsonObject = { ...flags, msg, results: items.map((item) => item.json) }
  const results = items.map((item) => item.value)
  const value: Value = known
    ? new Map<string, Value>([
        ['results', results],
        ['changed', changed],
        ['failed', flags.failed],
        ['skipped', flags.skipped],
        ['msg', msg],
      ])
    : new PartlyKnown(turn.name, turn.task.register ?? 'result', knownOf({ results, changed, failed: flags.failed }))
  const hint = failed.find((item) => item.hint !== undefined)?.hint
  const cause = items.find((item) => item.cause !== undefined)?.cause
  const delegatedTo = items.find((item) => item.delegatedTo !== undefined)?.delegatedTo
  return {
    status,
    value,
    json,
    changes: items.flatMap((item) => item.changes),
    diff: items.flatMap((item) => item.diff),
    items,
    ...(message !== undefined && { message }),
    ...(hint !== undefined && { hint }),
    ...(cause !== undefined && { cause }),
    ...(delegatedTo !== undefined && { delegatedTo }),
  }
}
