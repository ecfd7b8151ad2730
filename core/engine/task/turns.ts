import { resolve, str, Template, type Variables } from '../../language/index.ts'
import { stepName } from '../../playbook/selection.ts'
import type { Include, Task } from '../../playbook/types.ts'
import type { Batch } from '../batch.ts'
import type { Frame } from '../frame.ts'
import type { HostRecord } from '../host-record.ts'
import type { Place } from '../speculation/upcoming.ts'
import type { LayeredScope } from '../variables/scope.ts'
import { flag } from './keywords.ts'
import { scopesOf, type Turn } from './turn.ts'

/** One for a task in its inclusion, in its batch. */
export const instanceKey = (batch: Batch, step: Task | Include, frame: Frame): string =>
  `${batch.playId}/${batch.number}/${frame.key}/${frame.handler ? 'handler' : ''}/${step.id}`

/** A task on each of these hosts, in their order. */
export async function turnsOf<T extends Task | Include>(
  batch: Batch,
  task: T,
  hosts: readonly HostRecord[],
  frame: Frame,
  after?: Place,
): Promise<Turn<T>[]> {
  const { run } = batch
  const said = task.checkMode !== undefined || task.diff !== undefined
  const modes = said ? await Promise.all(hosts.map((host) => modesOf(batch, task, host, frame))) : []
  const key = instanceKey(batch, task, frame)
  const id = run.taskId(key)
  const since = run.speculation.ledger.frontier
  return hosts.map((host, i) => {
    const { check, diff } = modes[i] ?? run
    const scope = scopesOf({ batch, frame, host, step: task, check, diff })
    const given = scope()
    return { batch, frame, task, host, id, key, after, since, name: shownName(task, given), check, diff, given, scope }
  })
}

/** Check mode and --diff are those of the run, unless the task says otherwise; as far as it can be told before its items are known. */
async function modesOf(batch: Batch, task: Task | Include, host: HostRecord, frame: Frame) {
  const { check, diff } = batch.run
  const scope = scopesOf({ batch, frame, host, step: task, check, diff })()
  return {
    check: await flag(task.checkMode, scope, 'check_mode', check).catch(() => check),
    diff: await flag(task.diff, scope, 'diff', diff).catch(() => diff),
  }
}

/** The turn in the modes that its task says, with the variables of an item; refused where that cannot be told. */
export async function inItsModes(turn: Turn, local: Variables): Promise<Turn> {
  const { batch, frame, host, task } = turn
  if (task.checkMode === undefined && task.diff === undefined) return turn
  const { run } = batch
  const parts = { batch, frame, host, step: task }
  try {
    // They see the modes of the run, not what they come to.
    const scope = scopesOf({ ...parts, check: run.check, diff: run.diff })(local)
    const check = await flag(task.checkMode, scope, 'check_mode', run.check)
    const diff = await flag(task.diff, scope, 'diff', run.diff)
    if (check === turn.check && diff === turn.diff) return turn
    const own = scopesOf({ ...parts, check, diff })
    return { ...turn, check, diff, given: own(), scope: own }
  } catch (reason) {
    return { ...turn, refused: { reason } }
  }
}

/** The name as far as it can be rendered now; else as it is written. */
export function shownName(step: Task | Include, scope: LayeredScope): string {
  if (!(step.name instanceof Template)) return stepName(step)
  try {
    return str(resolve(step.name, scope))
  } catch {
    return step.name.source
  }
}
