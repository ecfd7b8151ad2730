import { resolve, str, Template, type Value } from '../../language/index.ts'
import type { Step, Task } from '../../playbook/types.ts'
import type { Batch } from '../batch.ts'
import { type Frame, rootFrame } from '../frame.ts'
import type { HostRecord } from '../host-record.ts'
import { announce } from '../steps/announce.ts'
import { asTask } from '../steps/as-task.ts'
import type { Walk } from '../steps/walk-type.ts'
import { undecided } from '../task/errors.ts'
import { settle } from '../task/settle.ts'
import { scopeOf } from '../task/turn.ts'
import { turnOf } from '../task/turns.ts'

/** Runs notified handlers in the order in which they are defined, until none is left: handlers may notify others. Each
 * runs once per host. */
export async function flushHandlers(
  batch: Batch,
  hosts: readonly HostRecord[],
  frame: Frame,
  walk: Walk,
  withFailed = false,
): Promise<void> {
  const mine = new Set(hosts.map((host) => host.name))
  const takesPart = (name: string): boolean =>
    mine.has(name) && (batch.isAlive(name) || (withFailed && !batch.run.hosts.of(name).unreachable))
  const done = new Set<string>()
  while (!batch.notifications.isEmpty && !batch.stopped) {
    const notified = new Map<string, Map<string, string | undefined>>()
    for (const { name } of batch.notifications.left()) {
      const taken = batch.notifications.take(name, takesPart)
      if (taken.size > 0) notified.set(name, taken)
    }
    if (notified.size === 0) return
    batch.flushes++
    const inner = { ...rootFrame, key: `${frame.key}|flush${batch.flushes}`, handler: true, withFailed }
    const last = lastByName(batch)
    for (const handler of batch.handlers) {
      const names = namesOf(batch, handler)
      const answers = [...names.own.filter((name) => last.get(name) === handler), ...names.topics]
      const calls = (host: HostRecord) => answers.flatMap((name) => (notified.get(name)?.has(host.name) ? [name] : []))
      // Once per host and flush, whoever notifies it again.
      const due = hosts.filter((host) => calls(host).length > 0 && !done.has(`${handler.id}|${host.name}`))
      for (const host of due) done.add(`${handler.id}|${host.name}`)
      const maybe = (host: HostRecord) => calls(host).map((name) => notified.get(name)?.get(host.name))
      const open = due.filter((host) => maybe(host).every((cause) => cause !== undefined))
      const sure = due.filter((host) => !open.includes(host))
      for (const host of open) await leaveOpen(batch, handler, host, inner, maybe(host)[0]!)
      if (sure.length > 0) await walk(batch, [handler], sure, inner)
    }
  }
}

/** Check mode: only a task that is not decided would notify this handler. */
async function leaveOpen(batch: Batch, handler: Step, host: HostRecord, frame: Frame, cause: string): Promise<void> {
  if (handler.kind === 'block') {
    for (const step of handler.steps) await leaveOpen(batch, step, host, frame, cause)
    return
  }
  const turn = await turnOf(batch, handler, host, frame)
  announce(batch, turn, 1)
  const task: Task = handler.kind === 'task' ? handler : asTask({ ...turn, task: handler }).task
  const taint = { task: turn.name, instance: turn.id, host: host.name, local: false, subjects: new Set<string>() }
  batch.run.taints.add({ ...taint, reach: 'host' })
  const outcome = undecided(cause, `runs if task '${cause}' changes something`, {
    task: turn.name,
    register: task.register,
  })
  await settle({ ...turn, task }, outcome, false, performance.now())
}

/** Of two handlers with one name the later one counts. */
function lastByName(batch: Batch): Map<string, Step> {
  const last = new Map<string, Step>()
  for (const handler of batch.handlers) for (const name of namesOf(batch, handler).own) last.set(name, handler)
  return last
}

function namesOf(batch: Batch, handler: Step): { own: string[]; topics: readonly string[] } {
  const name = handler.name === undefined ? undefined : rendered(batch, handler, handler.name)
  const role = handler.role?.name
  const own = name === undefined ? [] : role === undefined ? [name] : [name, `${role} : ${name}`]
  return { own, topics: handler.kind === 'task' ? handler.listen : [] }
}

function rendered(batch: Batch, handler: Step, name: Value): string {
  if (!(name instanceof Template)) return str(name)
  const { run } = batch
  const step = handler.kind === 'block' ? undefined : handler
  const scope = scopeOf({
    batch,
    frame: rootFrame,
    host: run.hosts.of(batch.hosts[0]!),
    step,
    check: run.check,
    diff: run.diff,
  })
  try {
    return str(resolve(name, scope))
  } catch {
    return name.source
  }
}

/** Handlers of hosts that failed before it was their turn: nobody shall have to guess them. */
export function tellLostHandlers(batch: Batch): void {
  for (const { name, hosts } of batch.notifications.left()) {
    batch.run.diagnose([
      {
        severity: 'warning',
        code: 'handler-not-run',
        message: `handler '${name}' was notified by ${hosts.join(', ')} and did not run`,
        hint: 'run it by hand, or use --force-handlers',
      },
    ])
  }
}
