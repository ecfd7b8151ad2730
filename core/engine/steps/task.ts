import pLimit, { type LimitFunction } from 'p-limit'
import { errorAt } from '../../language/diagnostic.ts'
import type { AnyModule } from '../../module/types.ts'
import { shortName } from '../../playbook/names.ts'
import type { Task } from '../../playbook/types.ts'
import type { Batch } from '../batch.ts'
import type { Frame } from '../frame.ts'
import type { HostRecord } from '../host-record.ts'
import type { Place } from '../speculation/upcoming.ts'
import { flag, numberOf } from '../task/keywords.ts'
import { perform } from '../task/perform.ts'
import { settle } from '../task/settle.ts'
import type { Turn } from '../task/turn.ts'
import { turnsOf } from '../task/turns.ts'
import { announce } from './announce.ts'
import { chargeBudget } from './budget.ts'
import { runFleetTask } from './fleet.ts'
import { includeVars } from './include-vars.ts'
import { runMeta } from './meta.ts'
import { runOnce } from './once.ts'
import type { Walk } from './walk-type.ts'

/** A task on all of these hosts at once, within the limits of the run and of the task. */
export async function runTask(
  batch: Batch,
  task: Task,
  hosts: readonly HostRecord[],
  frame: Frame,
  walk: Walk,
  after?: Place,
): Promise<void> {
  const { run } = batch
  const name = shortName(task.module)
  const turns = await turnsOf(batch, task, hosts, frame, after)
  const [first] = turns
  if (!first) return
  if (name === 'meta') return runMeta(batch, task, turns, frame, walk)
  const module = name === 'include_vars' ? includeVars(first) : await run.load(task.module)
  if (!module) {
    batch.diagnose([errorAt('unknown-module', `there is no module '${task.module}'`, task.at)])
    batch.halted = 'a task cannot be run'
    return
  }
  announce(batch, first, hosts.length)
  const failed = await runOn(turns, module, first)
  await chargeBudget(batch, task, failed, frame)
}

/** Answers how many hosts failed for good. */
async function runOn(given: readonly Turn[], module: AnyModule, first: Turn): Promise<number> {
  const { batch, task } = first
  let turns = given
  if (module.kind === 'fleet') return runFleetTask(module, turns)
  // The inventory gets a host once, whoever adds it.
  if (module.name === 'add_host') return runOnce(module, turns)
  if (task.runOnce !== undefined) {
    const refused = { reason: undefined as unknown }
    const once = await flag(task.runOnce, first.given, 'run_once', false).catch((reason) => {
      refused.reason = reason
      return undefined
    })
    if (once) return runOnce(module, turns)
    if (once === undefined) turns = turns.map((turn) => ({ ...turn, refused }))
  }
  const { limit } = batch.run
  const throttle = await throttleOf(first)
  const within = (turn: Turn): Promise<boolean> => limit(() => act(turn, module))
  const answers = await Promise.all(turns.map((turn) => (throttle ? throttle(() => within(turn)) : within(turn))))
  return answers.filter(Boolean).length
}

/** Answers whether the host failed for good. */
async function act(turn: Turn, module: AnyModule): Promise<boolean> {
  const { interrupts, speculation } = turn.batch.run
  if (interrupts.interrupted) return false
  turn.since = speculation.ledger.frontier
  const { outcome, hidden, started } = await perform(turn, moduleFor(turn, module))
  return await settle(turn, outcome, hidden, started)
}

/** One limit for all hosts of the batch, also where they come one by one. */
async function throttleOf({ batch, task, id, given }: Turn): Promise<LimitFunction | undefined> {
  if (task.throttle === undefined) return undefined
  const size = await numberOf(task.throttle, given, 'throttle', task.at).catch(() => undefined)
  const known = batch.throttles.get(id)
  if (known) return known
  const limit = pLimit(size && size >= 1 ? Math.floor(size) : Number.POSITIVE_INFINITY)
  batch.throttles.set(id, limit)
  return limit
}

const moduleFor = (turn: Turn, module: AnyModule): AnyModule =>
  module.name === 'include_vars' ? includeVars(turn) : module
