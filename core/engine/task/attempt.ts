import type { JsonObject } from '../../events/json.ts'
import {
  evaluateConditionAsync,
  fromJson,
  Unknown,
  UnknownValueError,
  type Value,
  type Variables,
} from '../../language/index.ts'
import type { AnyModule } from '../../module/types.ts'
import type { Task } from '../../playbook/types.ts'
import { PartlyKnown } from '../check/partly-known.ts'
import type { Work } from '../interrupt.ts'
import type { Answer } from '../modules/answer.ts'
import type { Call } from '../modules/call.ts'
import { runControl } from '../modules/control.ts'
import { runAct } from '../modules/run.ts'
import { runState } from '../modules/state.ts'
import type { Prepared } from '../speculation/prepared.ts'
import { type ErrorContext, outcomeOfError } from './errors.ts'
import { type Groundwork, groundworkOf } from './groundwork.ts'
import { hideValues } from './hide.ts'
import { numberOf } from './keywords.ts'
import type { Outcome } from './outcome.ts'
import type { Round } from './round.ts'
import { TaskCall } from './task-call.ts'
import type { Turn } from './turn.ts'

/** Runs a module once on one host; `ready` is what was found out ahead of its turn. Whatever happens is an outcome. */
export async function attempt(
  turn: Turn,
  module: AnyModule,
  round: Round,
  ready?: Prepared,
  isFirst = true,
): Promise<Outcome> {
  const { batch, task, host } = turn
  const { run } = batch
  const { local } = round
  const work: Work = { task: turn.id, name: turn.name, host: host.name, shielded: false }
  const end = run.interrupts.begin(work)
  let seconds: number | undefined
  let timer: AbortSignal | undefined
  let ground: Groundwork | undefined
  try {
    const scope = ready?.groundwork.scope ?? (isFirst && local.size === 0 ? turn.given : turn.scope(local))
    if (task.timeout !== undefined) {
      seconds = await numberOf(task.timeout, scope, 'timeout', task.at)
      timer = seconds ? AbortSignal.timeout(seconds * 1000) : undefined
    }
    ground = ready?.groundwork ?? (await groundworkOf(turn, module, scope))
    if (turn.hidden) hideValues(ground.args, run.request.redactor)
    const call = new TaskCall(turn, module, ground, work, timer, round)
    if (ready) call.reached()
    const outcome = outcomeOf(turn, await runModule(module, call, ready))
    const { target } = ground
    const own = target === host.name ? outcome : { ...outcome, delegatedTo: target }
    return isJudged(task) ? await judged(turn, own, local) : own
  } catch (error) {
    const outcome = outcomeOfError(error, contextOf(turn, timer?.aborted ? seconds : undefined, module))
    return isJudged(task) ? await judged(turn, outcome, local) : outcome
  } finally {
    ground?.hosts?.release()
    end()
  }
}

/** Control modules look at no host: what they say does not come from an unapplied change. */
export function contextOf(turn: Turn<Task>, timedOutAfter: number | undefined, module?: AnyModule): ErrorContext {
  const { run } = turn.batch
  const looks = turn.check && module !== undefined && module.kind !== 'control'
  return {
    task: turn.name,
    register: turn.task.register,
    interrupted: run.interrupts.interrupted,
    timedOutAfter,
    unapplied: looks ? run.taints.latest(turn.host.name, turn.id)?.task : undefined,
    missingNames: turn.check ? turn.host.missingNames : undefined,
    log: (message, details) => run.request.log?.('error', message, details),
  }
}

function runModule(module: AnyModule, call: Call, ready: Prepared | undefined): Promise<Answer> {
  if (module.kind === 'state') return runState(module, call, ready?.state)
  if (module.kind === 'run') return runAct(module, call)
  if (module.kind === 'control') return runControl(module, call)
  throw new Error('fleet modules run once for all hosts')
}

/** What nobody will read is not converted. */
const unread: Value = new Map()
const isRead = ({ register, loop, until }: Task, failed: boolean): boolean =>
  failed || register !== undefined || loop !== undefined || until.length > 0

/** A module's answer as the outcome of the task, before `changed_when` and the like. */
export function outcomeOf(turn: Turn, answer: Answer): Outcome {
  const { task, name } = turn
  const register = task.register ?? 'result'
  if (answer.status === 'undecided') return outcomeWith(turn, answer, 'undecided', new Unknown(name, register), {})
  if (answer.status === 'skipped') {
    const json: JsonObject = {
      ...answer.result,
      changed: false,
      skipped: true,
      ...(answer.message !== undefined && { skip_reason: answer.message }),
    }
    // Not run in check mode: what it would have said is not known.
    const value = answer.cause === undefined ? fromJson(json) : new Unknown(name, register)
    return outcomeWith(turn, answer, 'skipped', value, json)
  }
  const failed = answer.status === 'failed'
  const json: JsonObject = { ...answer.result, changed: answer.changed, failed }
  if (answer.unapplied) {
    const known = new Map<string, Value>([
      ['changed', true],
      ['failed', false],
      ['skipped', false],
    ])
    for (const [key, value] of answer.unapplied) known.set(String(key), value)
    return outcomeWith(turn, answer, 'changed', new PartlyKnown(name, register, known), json)
  }
  const value = isRead(task, failed) ? fromJson(json) : unread
  return outcomeWith(turn, answer, failed ? 'failed' : answer.changed ? 'changed' : 'ok', value, json)
}

function outcomeWith(
  turn: Turn,
  { changes, diff, message, hint, doubtfulFacts, cause }: Answer,
  status: Outcome['status'],
  value: Value,
  json: JsonObject,
): Outcome {
  return { status, value, json, changes, diff: turn.diff ? diff : [], message, hint, doubtfulFacts, cause }
}

const isJudged = ({ changedWhen, failedWhen }: Task): boolean => changedWhen !== undefined || failedWhen !== undefined

/** `changed_when` and `failed_when` look at the result and have the last word. */
async function judged(turn: Turn, outcome: Outcome, local: Variables): Promise<Outcome> {
  const { changedWhen, failedWhen, register } = turn.task
  if (outcome.status !== 'ok' && outcome.status !== 'changed' && outcome.status !== 'failed') return outcome
  const scope = turn.scope(new Map([...local, ...(register === undefined ? [] : [[register, outcome.value] as const])]))
  const all = async (conditions: typeof changedWhen): Promise<boolean | undefined> => {
    if (!conditions) return undefined
    for (const one of conditions) if (!(await evaluateConditionAsync(one, scope))) return false
    return true
  }
  try {
    const failed = (await all(failedWhen)) ?? outcome.status === 'failed'
    const changed = (await all(changedWhen)) ?? outcome.json.changed === true
    const status = failed ? 'failed' : changed ? 'changed' : 'ok'
    const json: JsonObject = { ...outcome.json, changed, failed, ...(failedWhen && { failed_when_result: failed }) }
    const plain = (): Value => (isRead(turn.task, failed) ? fromJson(json) : unread)
    const value = outcome.value instanceof PartlyKnown ? outcome.value.with({ changed, failed }) : plain()
    const { message, ...rest } = outcome
    const stale = outcome.status === 'failed' && !failed
    return {
      ...rest,
      status,
      json,
      value,
      message: stale ? undefined : (message ?? (failed ? 'failed_when says so' : undefined)),
    }
  } catch (error) {
    // Check mode: the result that they look at is not known; what was announced stands.
    if (error instanceof UnknownValueError) return outcome
    return outcomeOfError(error, contextOf(turn, undefined))
  }
}
