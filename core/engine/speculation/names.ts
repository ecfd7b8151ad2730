import { hasMarks } from '../../language/index.ts'
import type { AnyModule } from '../../module/types.ts'
import { shortName } from '../../playbook/names.ts'
import type { Task } from '../../playbook/types.ts'

/** Modules of the control kind behind which nobody can look: they change the inventory, or bring what no one can name. */
const BARRIERS = ['add_host', 'group_by', 'include_vars', 'meta']

/** Names that a task gives its host; undefined: what it gives has no names that could be told now. */
export function namesGivenBy(task: Task): string[] | undefined {
  const names = task.register === undefined ? [] : [task.register]
  const module = shortName(task.module)
  if (BARRIERS.includes(module)) return undefined
  if (module !== 'set_fact') return names
  if (!(task.args instanceof Map) || (task.argsTemplate !== undefined && task.argsTemplate !== null)) return undefined
  for (const key of task.args.keys()) {
    if (typeof key !== 'string' || hasMarks(key)) return undefined
    names.push(key)
  }
  return names
}

/** Its result changes the variables of its host by names of its own; those of set_fact stand in the task. */
export const givesFacts = (module: AnyModule): boolean =>
  module.returns?.ansible_facts !== undefined && module.name !== 'set_fact'
