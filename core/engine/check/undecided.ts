import { Unknown } from '../../language/index.ts'
import type { AnyModule } from '../../module/types.ts'
import { isHarmless } from '../task/conditions.ts'
import type { Turn } from '../task/turn.ts'
import { staysLocal } from './subjects.ts'

/**
 * What a task that could not be decided leaves behind: whatever it would do is not applied either, and what it would set
 * is not known. What it is about could not be told, so a module's effects count on the whole host.
 */
export function leaveUndecided(turn: Turn, module: AnyModule): void {
  const { task, host, name, batch } = turn
  if (module.name === 'set_fact' && task.args instanceof Map) {
    for (const key of task.args.keys())
      if (key !== 'cacheable') host.setFacts.set(String(key), new Unknown(name, String(key)))
  }
  if (module.name === 'include_vars') host.missingNames = name
  if (!turn.check || module.kind === 'control' || module.touches === 'nothing' || isHarmless(turn)) return
  const taint = {
    task: name,
    instance: turn.id,
    host: host.name,
    local: staysLocal(module),
    subjects: new Set<string>(),
  }
  batch.run.taints.add({ ...taint, reach: 'host' })
}
