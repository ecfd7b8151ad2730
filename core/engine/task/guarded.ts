import { fromJson, type Variables } from '../../language/index.ts'
import type { AnyModule } from '../../module/types.ts'
import { contextOf } from './attempt.ts'
import { firstFalse } from './conditions.ts'
import { outcomeOfError } from './errors.ts'
import type { Outcome } from './outcome.ts'
import { attemptUntil } from './retry.ts'
import type { Turn } from './turn.ts'

/** The module behind its conditions: `when` decides, with the loop's variables if there are any. */
export async function guarded(turn: Turn, module: AnyModule, local: Variables): Promise<Outcome> {
  const stopped = await condition(turn, local)
  return stopped ?? attemptUntil(turn, module, local)
}

/** Skipped, undecided or failed by its condition; undefined: the task is to run. */
export async function condition(turn: Turn, local: Variables): Promise<Outcome | undefined> {
  try {
    const failing = await firstFalse(turn.task.when, turn.scope(local))
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
    const outcome = outcomeOfError(error, contextOf(turn, undefined))
    if (outcome.status === 'undecided' && turn.check && !harmless(turn)) {
      // Whatever it would do is not applied either.
      turn.batch.run.taints.add({
        task: turn.name,
        instance: turn.id,
        host: turn.host.name,
        local: false,
        reach: 'host',
        subjects: new Set(),
      })
    }
    return outcome
  }
}

/** `debug`, `assert` and the like change no host. */
const harmless = (turn: Turn): boolean =>
  /(^|\.)(debug|assert|fail|set_fact|stat|setup|ping|group_by|add_host)$/.test(turn.task.module)
