import type { Include, Task } from '../../playbook/types.ts'
import type { Batch } from '../batch.ts'
import type { Turn } from '../task/turn.ts'

/** Says once that a task begins. Under a free strategy its hosts come one by one, so all of the batch are expected. */
export function announce(batch: Batch, turn: Turn<Task | Include>, hosts: number): void {
  const { run, play } = batch
  if (run.announced.has(turn.id)) return
  run.announced.add(turn.id)
  const { task, frame } = turn
  run.events.emit({
    event: 'task_started',
    task: turn.id,
    play: batch.playId,
    name: turn.name,
    ...(task.role && { role: task.role.name }),
    module: task.kind === 'task' ? task.module : `include_${task.what}`,
    handler: frame.handler,
    hosts: play.strategy === 'linear' || frame.handler ? hosts : batch.hosts.length,
    at: task.at,
  })
}
