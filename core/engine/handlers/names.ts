import { resolve, str, Template, type Value } from '../../language/index.ts'
import type { Step } from '../../playbook/types.ts'
import type { Batch } from '../batch.ts'
import { rootFrame } from '../frame.ts'
import { scopeOf } from '../task/turn.ts'

/** Handlers that answer to a name: the last one that bears it, and all that listen to it. In the order of definition. */
export function answering(batch: Batch, name: string): Step[] {
  const last = batch.handlers.findLast((handler) => namesOf(batch, handler).includes(name))
  return batch.handlers.filter(
    (handler) => handler === last || (handler.kind === 'task' && handler.listen.includes(name)),
  )
}

/** Notes that a host notified a name, or keeps it for a handler that is still to come. */
export function notifyName(batch: Batch, name: string, host: string, maybe: string | undefined): void {
  const found = answering(batch, name)
  for (const handler of found) batch.notifications.add(handler.id, host, maybe)
  if (found.length === 0) batch.notifications.addUnanswered(name, host, maybe)
}

function namesOf(batch: Batch, handler: Step): string[] {
  if (handler.name === undefined) return []
  const name = rendered(batch, handler, handler.name)
  return handler.role === undefined ? [name] : [name, `${handler.role.name} : ${name}`]
}

function rendered(batch: Batch, handler: Step, name: Value): string {
  if (!(name instanceof Template)) return str(name)
  const { run } = batch
  const step = handler.kind === 'block' ? undefined : handler
  const host = run.hosts.of(batch.hosts[0]!)
  try {
    return str(resolve(name, scopeOf({ batch, frame: rootFrame, host, step, check: run.check, diff: run.diff })))
  } catch {
    return name.source
  }
}
