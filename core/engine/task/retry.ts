import { setTimeout as delay } from 'node:timers/promises'
import { evaluateConditionAsync, fromJson, UnknownValueError, type Variables } from '../../language/index.ts'
import type { AnyModule } from '../../module/types.ts'
import type { Prepared } from '../speculation/prepared.ts'
import { attempt, contextOf } from './attempt.ts'
import { outcomeOfError } from './errors.ts'
import { numberOf } from './keywords.ts'
import type { Outcome } from './outcome.ts'
import type { Round } from './round.ts'
import type { Turn } from './turn.ts'

/** Ansible's defaults. */
const RETRIES = 3
const DELAY_S = 5

/** Runs the module until `until` holds (or it succeeds, with `retries` alone), at most `retries` more times. */
export async function attemptUntil(turn: Turn, module: AnyModule, round: Round, ready?: Prepared): Promise<Outcome> {
  const { task, batch, host } = turn
  const { local } = round
  const scope = turn.scope(local)
  const retries = (await numberOf(task.retries, scope, 'retries', task.at)) ?? RETRIES
  const pause = (await numberOf(task.delay, scope, 'delay', task.at)) ?? DELAY_S
  for (let tries = 1; ; tries++) {
    const outcome = await attempt(turn, module, round, tries === 1 ? ready : undefined, tries === 1)
    if (
      outcome.status === 'skipped' ||
      outcome.status === 'undecided' ||
      outcome.status === 'unreachable' ||
      outcome.status === 'cancelled'
    )
      return outcome
    const reached = await holds(turn, outcome, local)
    if (typeof reached !== 'boolean') return reached
    const json = { ...outcome.json, attempts: tries }
    const counted: Outcome = {
      ...outcome,
      json,
      value: outcome.value instanceof Map && outcome.value.constructor === Map ? fromJson(json) : outcome.value,
    }
    if (reached) return counted
    if (tries > retries || turn.check) {
      return turn.check ? counted : failedAfter(counted, retries)
    }
    batch.run.events.emit({ event: 'host_retry', task: turn.id, host: host.name, attempt: tries, retries })
    try {
      await delay(pause * 1000, undefined, { signal: batch.run.interrupts.soft })
      batch.run.speculation.waited(host.name, host.name)
    } catch (error) {
      return outcomeOfError(error, contextOf(turn, undefined))
    }
  }
}

/** As Ansible: what is registered counts the retries, and it failed whatever the module says. */
function failedAfter(outcome: Outcome, retries: number): Outcome {
  const json = { ...outcome.json, failed: true, attempts: Math.max(1, retries) }
  const message = outcome.message ?? `not reached after ${retries} retries`
  return { ...outcome, status: 'failed', json, value: fromJson(json), message }
}

async function holds(turn: Turn, outcome: Outcome, local: Variables): Promise<boolean | Outcome> {
  const { until, register } = turn.task
  if (until.length === 0) return outcome.status !== 'failed'
  const scope = turn.scope(new Map([...local, ...(register === undefined ? [] : [[register, outcome.value] as const])]))
  try {
    for (const one of until) if (!(await evaluateConditionAsync(one, scope))) return false
    return true
  } catch (error) {
    // Check mode: the condition looks at what only the unapplied change would give; what was announced stands.
    if (error instanceof UnknownValueError) return true
    return outcomeOfError(error, contextOf(turn, undefined))
  }
}
