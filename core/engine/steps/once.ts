import type { AnyModule } from '../../module/types.ts'
import { applyEffects } from '../task/effects.ts'
import type { Outcome } from '../task/outcome.ts'
import { perform } from '../task/perform.ts'
import { judge, settle } from '../task/settle.ts'
import type { Turn } from '../task/turn.ts'

/**
 * run_once: the first host acts, and its outcome is that of all. Under a free strategy the first one to come acts and the
 * others wait for it.
 */
export async function runOnce(module: AnyModule, turns: readonly Turn[]): Promise<number> {
  const [first, ...others] = turns
  if (!first) return 0
  const { run, play } = first.batch
  const known = play.strategy === 'linear' ? undefined : run.once.get(first.id)
  if (known) return spread(turns, await known)
  const work = run.limit(() => act(module, first))
  run.once.set(first.id, work)
  const done = await work
  return (done.failed ? 1 : 0) + (await spread(others, done))
}

/** What the host that acted came to. */
export interface OnceDone {
  readonly outcome: Outcome
  /** Failed or unreachable, and neither ignored nor rescued. */
  readonly failed: boolean
  readonly stops: boolean
}

async function act(module: AnyModule, first: Turn): Promise<OnceDone> {
  const { outcome, hidden, started } = await perform(first, module)
  const verdict = await judge(first, outcome)
  const failed = await settle(first, outcome, hidden, started)
  return { outcome, failed, stops: verdict !== 'fine' && verdict !== 'ignored' }
}

/** The other hosts have the result and its facts, and a failure is theirs too; the event stays with the one that acted. */
async function spread(turns: readonly Turn[], { outcome, stops }: OnceDone): Promise<number> {
  for (const { task, host, batch, frame, name } of turns) {
    if (task.register !== undefined) host.setFacts.set(task.register, outcome.value)
    if (outcome.delegatedTo === undefined) applyEffects(outcome, batch, host, host, task.module, name)
    batch.run.stats.count(host.name)
    if (!stops) continue
    batch.run.speculation.strays(host)
    const catcher = frame.catchers.at(-1)
    if (catcher) catcher.add(host.name, { task: name, module: task.module, outcome })
    else host.failed = true
  }
  return 0
}
