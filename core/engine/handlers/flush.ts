import { resolve, str, Template, type Value } from '../../language/index.ts'
import type { Step } from '../../playbook/types.ts'
import type { Batch } from '../batch.ts'
import { type Frame, rootFrame } from '../frame.ts'
import type { HostRecord } from '../host-record.ts'
import type { Walk } from '../steps/walk-type.ts'
import { scopeOf } from '../task/turn.ts'

/** Runs notified handlers in the order in which they are defined, until none is left: handlers may notify others. */
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
  while (!batch.notifications.isEmpty && !batch.stopped) {
    const notified = new Map<string, Set<string>>()
    for (const { name } of batch.notifications.left()) {
      const taken = batch.notifications.take([name], takesPart)
      if (taken.size > 0) notified.set(name, taken)
    }
    if (notified.size === 0) return
    const last = lastByName(batch)
    for (const handler of batch.handlers) {
      const names = namesOf(batch, handler)
      const answers = [...names.own.filter((name) => last.get(name) === handler), ...names.topics]
      const due = hosts.filter((host) => answers.some((name) => notified.get(name)?.has(host.name)))
      if (due.length > 0) await walk(batch, [handler], due, { ...rootFrame, key: frame.key, handler: true, withFailed })
    }
  }
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
