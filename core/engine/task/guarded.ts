import { fromJson, type Variables } from '../../language/index.ts'
import type { AnyModule } from '../../module/types.ts'
import { leaveUndecided } from '../check/undecided.ts'
import type { Prepared } from '../speculation/prepared.ts'
import { attempt, contextOf } from './attempt.ts'
import { firstFalse } from './conditions.ts'
import { outcomeOfError, undecided } from './errors.ts'
import type { Outcome } from './outcome.ts'
import { attemptUntil } from './retry.ts'
import type { Round } from './round.ts'
import type { Turn } from './turn.ts'
import { inItsModes } from './turns.ts'

/** The module behind its conditions: `when` decides, with the loop's variables if there are any. Never throws. */
export async function guarded(given: Turn, module: AnyModule, round: Round): Promise<Outcome> {
  // What ran ahead has its condition behind it.
  const { speculation } = given.batch.run
  const ready = speculation.hasAhead(given, round) ? await speculation.take(given, round) : undefined
  const turn = await inItsModes(given, round.local)
  const isFree = ready !== undefined || (turn.task.when.length === 0 && turn.frame.onlyIfFailed === undefined)
  const stopped = isFree ? undefined : await condition(turn, round.local)
  if (stopped?.status === 'undecided') leaveUndecided(turn, module)
  return stopped ?? (await attempted(turn, module, round, ready))
}

async function attempted(turn: Turn, module: AnyModule, round: Round, ready: Prepared | undefined): Promise<Outcome> {
  const { until, retries } = turn.task
  let outcome: Outcome
  try {
    if (turn.refused) {
      ready?.groundwork.hosts?.release()
      throw turn.refused.reason
    }
    const once = until.length === 0 && retries === undefined
    outcome = await (once ? attempt(turn, module, round, ready) : attemptUntil(turn, module, round, ready))
  } catch (error) {
    outcome = outcomeOfError(error, contextOf(turn, undefined))
  }
  if (outcome.status === 'undecided') leaveUndecided(turn, module)
  return outcome
}

/** Skipped, undecided or failed by its condition; undefined: the task is to run. */
export async function condition(turn: Turn, local: Variables): Promise<Outcome | undefined> {
  const { onlyIfFailed } = turn.frame
  if (onlyIfFailed !== undefined) {
    const message = `runs only if task '${onlyIfFailed}' fails, which is not known before it is applied`
    return undecided(onlyIfFailed, message, { task: turn.name, register: turn.task.register })
  }
  try {
    const failing = await firstFalse(turn.task.when, local.size === 0 ? turn.given : turn.scope(local))
    if (!failing) return undefined
    const json = { changed: false, skipped: true, skip_reason: 'Conditional result was False' }
    return {
      status: 'skipped',
      value: fromJson(json),
      json,
      changes: [],
      diff: [],
      message: `its condition does not hold (line ${failing.at.line})`,
    }
  } catch (error) {
    return outcomeOfError(error, contextOf(turn, undefined))
  }
}
