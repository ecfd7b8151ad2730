import type { Include, Task } from '../../playbook/types.ts'
import type { Turn } from '../task/turn.ts'

/** An include obeys the same keywords as a task; what it lacks is not there. */
export function asTask(turn: Turn<Include>): Turn {
  const { task } = turn
  const plain: Task = {
    ...task,
    kind: 'task',
    module: `include_${task.what}`,
    args: new Map(),
    argsTemplate: undefined,
    until: [],
    retries: undefined,
    delay: undefined,
    changedWhen: undefined,
    failedWhen: undefined,
    notify: [],
    listen: [],
  }
  return { ...turn, task: plain }
}
