import { stepName } from '../../playbook/selection.ts'
import type { Step, Task } from '../../playbook/types.ts'
import type { Batch } from '../batch.ts'
import { type Frame, rootFrame } from '../frame.ts'
import type { HostRecord } from '../host-record.ts'
import { announce } from '../steps/announce.ts'
import { asTask } from '../steps/as-task.ts'
import type { Walk } from '../steps/walk-type.ts'
import { undecided } from '../task/errors.ts'
import { settle } from '../task/settle.ts'
import { turnsOf } from '../task/turns.ts'
import { notifyName } from './names.ts'

/**
 * Runs notified handlers in the order in which they are defined, each once per host. One that a later one
 * notified waits for the next flush, as with Ansible; the last flush of a play leaves none behind. Hosts that failed take
 * part only `withFailed`: force_handlers.
 */
export async function flushHandlers(
  batch: Batch,
  hosts: readonly HostRecord[],
  frame: Frame,
  walk: Walk,
  withFailed = false,
  isLast = false,
): Promise<void> {
  const { notifications } = batch
  for (const { name, host, maybe } of notifications.takeUnanswered()) notifyName(batch, name, host, maybe)
  const inner = { ...rootFrame, key: `${frame.key}|flush${++batch.flushes}`, handler: true, withFailed }
  const done = new Set<string>()
  for (let isOver = false; !isOver && !batch.stopped; ) {
    isOver = !isLast
    let ran = 0
    for (const handler of [...batch.handlers]) {
      const waiting = notifications.waiting(handler.id)
      const due = hosts.filter(
        ({ name }) => waiting.has(name) && takesPart(batch, name, withFailed) && !done.has(`${handler.id}|${name}`),
      )
      if (due.length === 0) continue
      ran++
      const causes = due.map(({ name }) => waiting.get(name))
      for (const { name } of due) {
        done.add(`${handler.id}|${name}`)
        notifications.done(handler.id, name)
      }
      const sure = due.filter((_, index) => causes[index] === undefined)
      for (const [index, cause] of causes.entries())
        if (cause) await leaveOpen(batch, handler, due[index]!, inner, cause)
      if (sure.length > 0) await walk(batch, [handler], sure, inner)
    }
    if (ran === 0) return
  }
}

function takesPart(batch: Batch, name: string, withFailed: boolean): boolean {
  return batch.isAlive(name) || (withFailed && !batch.run.hosts.of(name).unreachable && !batch.ended.has(name))
}

/** Check mode: only a task that is not decided would notify this handler. */
async function leaveOpen(batch: Batch, handler: Step, host: HostRecord, frame: Frame, cause: string): Promise<void> {
  if (handler.kind === 'block') {
    for (const step of handler.steps) await leaveOpen(batch, step, host, frame, cause)
    return
  }
  const [turn] = await turnsOf(batch, handler, [host], frame)
  if (!turn) return
  announce(batch, turn, 1)
  const task: Task = handler.kind === 'task' ? handler : asTask({ ...turn, task: handler }).task
  const taint = { task: turn.name, instance: turn.id, host: host.name, local: false, subjects: new Set<string>() }
  batch.run.taints.add({ ...taint, reach: 'host' })
  const register = task.register
  const outcome = undecided(cause, `runs if task '${cause}' changes something`, { task: turn.name, register })
  await settle({ ...turn, task }, outcome, false, performance.now())
}

/** Handlers of hosts that failed before it was their turn: nobody shall have to guess them. */
export function tellLostHandlers(batch: Batch): void {
  const named = (id: string): string => {
    const handler = batch.handlers.find((one) => one.id === id)
    return handler ? stepName(handler) : id
  }
  for (const { handler, name, hosts } of batch.notifications.left()) {
    const what = handler === undefined ? name! : named(handler)
    batch.run.diagnose([
      {
        severity: 'warning',
        code: 'handler-not-run',
        message: `handler '${what}' was notified by ${hosts.join(', ')} and did not run`,
        hint: handler === undefined ? 'no handler has this name or topic' : 'run it by hand, or use --force-handlers',
      },
    ])
  }
}
