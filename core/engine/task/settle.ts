import { resolveAsync, str, type Value } from '../../language/index.ts'
import type { Include, Task } from '../../playbook/types.ts'
import { notifyName } from '../handlers/names.ts'
import type { HostRecord } from '../host-record.ts'
import { applyEffects } from './effects.ts'
import { outcomeFields } from './events.ts'
import { flag } from './keywords.ts'
import { isChange, type Outcome } from './outcome.ts'
import type { Turn } from './turn.ts'

/**
 * What follows from an outcome: `register`, facts, handlers, counters, the event, and whether the host goes on. Answers
 * whether the host failed for good here, for any_errors_fatal and the failure budget.
 */
export async function settle(turn: Turn, outcome: Outcome, hidden: boolean, started: number): Promise<boolean> {
  const { task, host, batch } = turn
  if (task.register !== undefined && outcome.status !== 'cancelled') host.setFacts.set(task.register, outcome.value)
  applyEffects(
    outcome,
    batch,
    host,
    outcome.delegatedTo === undefined ? host : await factsHost(turn, outcome.delegatedTo),
    task.module,
    turn.name,
  )
  batch.run.speculation.settled(turn, outcome)
  const isBad = outcome.status === 'failed' || outcome.status === 'unreachable'
  const verdict = isBad ? await judge(turn, outcome) : 'fine'
  if (isChange(outcome) || outcome.status === 'undecided') await notify(turn, !isChange(outcome))
  const { status, result, changes, diff, message } = outcomeFields(outcome, hidden)
  batch.run.events.emit({
    event: 'host_result',
    task: turn.id,
    host: host.name,
    status,
    result,
    changes,
    diff,
    message,
    duration_ms: Math.round(performance.now() - started),
    ignored: verdict === 'ignored' || undefined,
    rescued: verdict === 'rescued' || undefined,
    delegated_to: outcome.delegatedTo,
  })
  return conclude(turn, outcome, verdict)
}

type Verdict = 'fine' | 'ignored' | 'rescued' | 'failed' | 'unreachable'

export async function judge(turn: Turn<Task | Include>, outcome: Outcome): Promise<Verdict> {
  if (outcome.status === 'failed') {
    if (await isSaid(turn, 'ignore_errors', turn.task.ignoreErrors)) return 'ignored'
    return turn.frame.rescuable ? 'rescued' : 'failed'
  }
  if (outcome.status !== 'unreachable') return 'fine'
  return (await isSaid(turn, 'ignore_unreachable', turn.task.ignoreUnreachable)) ? 'ignored' : 'unreachable'
}

function conclude(turn: Turn, outcome: Outcome, verdict: Verdict): boolean {
  const { batch, host, frame, name, task } = turn
  const { stats } = batch.run
  const counted = host.name
  if (outcome.cause !== undefined) frame.catchers.at(-1)?.doubt(host.name, outcome.cause)
  if (verdict === 'unreachable') {
    stats.count(counted, 'unreachable')
    host.unreachable = true
    return true
  }
  if (verdict === 'rescued' || verdict === 'failed') {
    stats.count(counted, verdict)
    const catcher = frame.catchers.at(-1)
    if (catcher) catcher.add(host.name, { task: name, module: task.module, outcome })
    else host.failed = true
    return verdict === 'failed'
  }
  if (verdict === 'ignored') {
    stats.count(counted, 'ok', 'ignored')
    if (outcome.json.changed === true) stats.count(counted, 'changed')
  } else if (outcome.status === 'changed') stats.count(counted, 'ok', 'changed')
  else if (outcome.status === 'ok') stats.count(counted, 'ok')
  else if (outcome.status === 'skipped') stats.count(counted, 'skipped')
  else if (outcome.status === 'undecided') stats.undecided(counted)
  else stats.count(counted)
  return false
}

/** With delegate_facts, facts belong to the host that did the work. */
async function factsHost(turn: Turn, delegatedTo: string): Promise<HostRecord> {
  const { task, host, batch } = turn
  return (await isSaid(turn, 'delegate_facts', task.delegateFacts)) ? batch.run.hosts.of(delegatedTo) : host
}

/** A keyword that cannot be told is not said: the result stands as it is. */
async function isSaid(turn: Turn<Task | Include>, keyword: string, value: Value | undefined): Promise<boolean> {
  return value !== undefined && (await flag(value, turn.scope(), keyword, false).catch(() => false))
}

/** `isMaybe`: check mode, and whether the task changes anything is not decided. */
async function notify(turn: Turn, isMaybe: boolean): Promise<void> {
  const { task, host, batch } = turn
  if (task.notify.length === 0) return
  const handlers: string[] = []
  for (const one of task.notify) {
    const value = typeof one === 'string' ? one : await resolveAsync(one, turn.scope()).catch(() => undefined)
    for (const name of Array.isArray(value) ? value : [value])
      if (name !== undefined && name !== null) handlers.push(str(name))
  }
  for (const name of handlers) notifyName(batch, name, host.name, isMaybe ? turn.name : undefined)
  batch.run.events.emit({ event: 'handler_notified', task: turn.id, host: host.name, handlers })
}
