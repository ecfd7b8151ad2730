import type { AnyModule } from '../../module/types.ts'
import type { Loop } from '../../playbook/types.ts'
import { leaveUndecided } from '../check/undecided.ts'
import { contextOf } from './attempt.ts'
import { outcomeOfError } from './errors.ts'
import { condition, guarded } from './guarded.ts'
import { hideValues } from './hide.ts'
import { flag } from './keywords.ts'
import { runLoop } from './loop.ts'
import type { Outcome } from './outcome.ts'
import { onlyRound } from './round.ts'
import type { Turn } from './turn.ts'

/** A whole task on one host: its loop if it has one. Never throws. */
export async function perform(
  turn: Turn,
  module: AnyModule,
): Promise<{ outcome: Outcome; hidden: boolean; started: number }> {
  const { task, batch, host } = turn
  const started = performance.now()
  batch.run.events.emit({ event: 'host_started', task: turn.id, host: host.name })
  // What cannot be told is hidden.
  const hidden = task.noLog !== undefined && (await flag(task.noLog, turn.given, 'no_log', false).catch(() => true))
  const seen = hidden ? { ...turn, hidden } : turn
  const outcome = await (task.loop ? looped(seen, module, task.loop, hidden) : guarded(seen, module, onlyRound))
  if (hidden) hideValues(outcome.json, batch.run.request.redactor)
  return { outcome, hidden, started }
}

async function looped(turn: Turn, module: AnyModule, loop: Loop, hidden: boolean): Promise<Outcome> {
  try {
    return await runLoop(turn, module, loop, hidden)
  } catch (error) {
    // A loop over what is not there does no harm where the condition says that the task is not for this host.
    const skipped = await condition(turn, new Map())
    if (skipped?.status === 'skipped') return skipped
    const outcome = outcomeOfError(error, contextOf(turn, undefined))
    if (outcome.status === 'undecided') leaveUndecided(turn, module)
    return outcome
  }
}
