import { ConnectionError } from '../../connection/errors.ts'
import { fromJson, type Value } from '../../language/index.ts'
import { ModuleFailure } from '../../module/types.ts'
import { PartlyKnown } from '../check/partly-known.ts'
import { subjectsOf } from '../check/subjects.ts'
import { leaveUndecided } from '../check/undecided.ts'
import type { Work } from '../interrupt.ts'
import { type AnyFleet, type FleetItem, runFleet } from '../modules/fleet.ts'
import { argumentsOf } from '../task/arguments.ts'
import { contextOf } from '../task/attempt.ts'
import { isAnswer, outcomeOfError, undecided } from '../task/errors.ts'
import { outcomeFields } from '../task/events.ts'
import { condition } from '../task/guarded.ts'
import { hideValues } from '../task/hide.ts'
import { flag } from '../task/keywords.ts'
import type { Outcome } from '../task/outcome.ts'
import { settle } from '../task/settle.ts'
import type { Turn } from '../task/turn.ts'
import { inItsModes } from '../task/turns.ts'
import { fleetHosts } from './fleet-hosts.ts'

/**
 * A fleet module: once for the batch, over all hosts of the play's pattern. Its arguments and condition are those of the
 * first host. Each host has the result; changes count where they belong.
 */
export async function runFleetTask(module: AnyFleet, turns: readonly Turn[]): Promise<number> {
  const [first] = turns
  if (!first) return 0
  const { run } = first.batch
  const started = performance.now()
  for (const turn of turns) run.events.emit({ event: 'host_started', task: turn.id, host: turn.host.name })
  const hidden = await flag(first.task.noLog, first.given, 'no_log', false).catch(() => true)
  const byHost = await outcomes(module, turns, hidden)
  let failed = 0
  for (const turn of turns) if (await settle(turn, byHost(turn.host.name), hidden, started)) failed++
  return failed
}

async function outcomes(module: AnyFleet, turns: readonly Turn[], hidden: boolean): Promise<(host: string) => Outcome> {
  const first = await inItsModes(turns[0]!, new Map())
  const skipped = await condition(first, new Map())
  if (skipped?.status === 'undecided') leaveUndecided(first, module)
  if (skipped) return () => skipped
  const works = turns.map((turn): Work => ({ task: turn.id, name: turn.name, host: turn.host.name, shielded: false }))
  const ends = works.map((work) => first.batch.run.interrupts.begin(work))
  try {
    if (first.refused) throw first.refused.reason
    return await call(module, [first, ...turns.slice(1)], works, hidden)
  } catch (error) {
    const outcome = outcomeOfError(error, contextOf(first, undefined, module))
    if (outcome.status === 'undecided') leaveUndecided(first, module)
    return () => outcome
  } finally {
    for (const end of ends) end()
  }
}

async function call(
  module: AnyFleet,
  turns: readonly Turn[],
  works: readonly Work[],
  hidden: boolean,
): Promise<(host: string) => Outcome> {
  const first = turns[0]!
  const { batch, task, check } = first
  const { run } = batch
  if (batch.play.strategy !== 'linear') {
    const hint = 'give the play the linear strategy'
    throw new ModuleFailure(`${module.name} works on all hosts together, and here they come one by one`, { hint })
  }
  if (task.loop) throw new ModuleFailure(`${module.name} takes no loop`, { hint: 'give it a list instead' })
  const args = await argumentsOf(task, module, first.scope(), run.omit)
  if (hidden) hideValues(args, run.request.redactor)
  const { readers, writers, failed, silent, release } = await fleetHosts(first, works, module.shielded ?? false)
  const lost = new Map<string, unknown>()
  const reported = new Set(turns.map((turn) => turn.host.name))
  const owner = (item: FleetItem): string => {
    const name = item.change.hosts[0] ?? first.host.name
    return reported.has(name) ? name : first.host.name
  }
  const answer = await runFleet(module, {
    args,
    check,
    readers,
    silent,
    writers,
    failed,
    limit: run.limit,
    isAnswer,
    reasonOf: (error) => outcomeOfError(error, contextOf(first, undefined)).message ?? String(error),
    onSilent: (host, error) => lost.set(host, error),
    interrupted: () => run.interrupts.interrupted,
    onItem: (item) =>
      run.events.emit({
        event: 'host_item',
        task: first.id,
        host: owner(item),
        item: hidden ? 'hidden by no_log' : item.change.item,
        ...outcomeFields(itemOutcome(item), hidden),
      }),
  }).finally(release)
  const doubt = check ? run.taints.affecting(first.host.name, first.id, subjectsOf(args)) : undefined
  // What is refused now may be possible after changes that were not applied.
  const unapplied = check ? contextOf(first, undefined, module).unapplied : undefined
  const announcedItems = answer.items.filter((item) => item.status === 'changed')
  if (check) taint(first, announcedItems)
  if (doubt) leaveUndecided(first, module)
  return (host) => {
    const error = lost.get(host)
    if (error !== undefined)
      return outcomeOfError(error, contextOf(first, undefined, error instanceof ConnectionError ? undefined : module))
    const outcome = hostOutcome(
      answer.items.filter((item) => owner(item) === host),
      answer.items,
      answer.result,
    )
    if (!check) return outcome
    if (outcome.status !== 'failed') return announced(first, outcome, announcedItems.length > 0, doubt?.task)
    if (unapplied === undefined) return outcome
    leaveUndecided(first, module)
    const message = `${outcome.message}; task '${unapplied}' was not applied`
    return undecided(unapplied, message, { task: first.name, register: task.register })
  }
}

/** Check mode: what comes after the unapplied changes is not known, and neither is whether there would be more of them. */
function announced(turn: Turn, outcome: Outcome, isChanged: boolean, doubt: string | undefined): Outcome {
  const register = turn.task.register ?? 'result'
  if (outcome.status === 'ok' && doubt !== undefined)
    return undecided(doubt, `nothing to do now, but task '${doubt}' was not applied`, { task: turn.name, register })
  if (!isChanged && doubt === undefined) return outcome
  const known = new Map<string, Value>([
    ['changed', isChanged],
    ['failed', false],
  ])
  return { ...outcome, value: new PartlyKnown(turn.name, register, known) }
}

function itemOutcome(item: FleetItem): Outcome {
  const { status, message, hint } = item
  const json = { changed: status === 'changed', failed: status === 'failed', hosts: [...item.change.hosts] }
  return { status, value: fromJson(json), json, changes: item.change.changes, diff: [], message, hint }
}

function hostOutcome(mine: readonly FleetItem[], all: readonly FleetItem[], result: object): Outcome {
  // What was not tried, since what it needs failed, is not done either.
  const failed = mine.filter((item) => item.status === 'failed' || (item.status === 'skipped' && !item.notBegun))
  const changed = mine.some((item) => item.status === 'changed')
  const status = failed.length > 0 ? 'failed' : changed ? 'changed' : 'ok'
  const json = { ...result, changed: all.some((item) => item.status === 'changed'), failed: failed.length > 0 }
  const message =
    failed.length > 0 ? failed.map((item) => `${item.change.item}: ${item.message ?? 'failed'}`).join('; ') : undefined
  return {
    status,
    value: fromJson(json),
    json,
    changes: mine.flatMap((item) => item.change.changes),
    diff: [],
    message,
    hint: failed[0]?.hint,
  }
}

function taint(turn: Turn, items: readonly FleetItem[]): void {
  const subjects = new Set(items.map((item) => item.change.item))
  for (const host of new Set(items.flatMap((item) => item.change.hosts))) {
    turn.batch.run.taints.add({ task: turn.name, instance: turn.id, host, local: false, reach: 'subject', subjects })
  }
}
