import { str } from '../../language/index.ts'
import type { Task } from '../../playbook/types.ts'
import type { Batch } from '../batch.ts'
import type { Frame } from '../frame.ts'
import { flushHandlers } from '../handlers/flush.ts'
import { condition } from '../task/guarded.ts'
import type { Turn } from '../task/turn.ts'
import type { Walk } from './walk-type.ts'

/** Tasks about the run itself. They have no results, as with Ansible. */
export async function runMeta(
  batch: Batch,
  task: Task,
  turns: readonly Turn[],
  frame: Frame,
  walk: Walk,
): Promise<void> {
  const what = task.args instanceof Map ? str(task.args.get('_raw_params') ?? 'noop') : 'noop'
  const due: Turn[] = []
  for (const turn of turns) if ((await condition(turn, new Map())) === undefined) due.push(turn)
  if (due.length === 0) return
  const { run } = batch
  switch (what) {
    case 'flush_handlers':
      return flushHandlers(
        batch,
        due.map((turn) => turn.host),
        frame,
        walk,
      )
    case 'end_host':
      for (const { host } of due) batch.ended.add(host.name)
      return
    case 'end_batch':
      for (const name of batch.hosts) batch.ended.add(name)
      return
    case 'end_play':
      for (const name of batch.allHosts) batch.ended.add(name)
      batch.endsPlay = true
      return
    case 'clear_facts':
      for (const { host } of due) host.clearFacts()
      return
    case 'clear_host_errors':
      for (const name of batch.hosts) {
        const host = run.hosts.of(name)
        host.failed = false
        host.unreachable = false
      }
      return
    case 'reset_connection':
      for (const { host } of due) await run.sessions.forget(host.name)
      return
    case 'refresh_inventory':
      run.diagnose([
        {
          severity: 'warning',
          code: 'not-supported',
          message: 'refresh_inventory is not supported: the inventory stays as it was read',
          at: task.at,
        },
      ])
      return
    default:
      return
  }
}
