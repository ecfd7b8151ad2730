import type { AnyModule } from '../../module/types.ts'
import type { Outcome } from '../task/outcome.ts'
import { perform } from '../task/perform.ts'
import { settle } from '../task/settle.ts'
import type { Turn } from '../task/turn.ts'

/**
 * run_once: the first host acts, and its outcome is that of all. Under a free strategy the first one to come acts and the
 * others wait for it.
 */
export async function runOnce(module: AnyModule, turns: readonly Turn[]): Promise<number> {
  const [first, ...others] = turns
  if (!first) return 0
  const { run } = first.batch
  const started = performance.now()
  const known = run.once.get(first.id)
  if (known) return spread(turns, await known)
  const work = run.limit(() => perform(first, module))
  run.once.set(
    first.id,
    work.then(({ outcome }) => outcome),
  )
  const { outcome, hidden } = await work
  const failed = (await settle(first, outcome, hidden, started)) ? 1 : 0
  return failed + (await spread(others, outcome))
}

/** The other hosts have the result, and a failure is theirs too; the event stays with the one that acted. */
async function spread(turns: readonly Turn[], outcome: Outcome): Promise<number> {
  for (const { task, host, batch, frame, name } of turns) {
    if (task.register !== undefined) host.setFacts.set(task.register, outcome.value)
    batch.run.stats.count(host.name)
    if (outcome.status !== 'failed' && outcome.status !== 'unreachable') continue
    const catcher = frame.catchers.at(-1)
    if (catcher) catcher.add(host.name, { task: name, module: task.module, outcome })
    else host.failed = true
  }
  return 0
}
