import type { Change } from '../../../core/module/types.ts'
import { asChanges } from '../daemon/changes.ts'
import type { LiveStep } from './live/index.ts'
import type { Plan } from './plan.ts'
import { WHY } from './risks.ts'

/** Note of a change that needs a restart, and gets it. */
export const RESTARTS = 'restarts the guest'

/** Differences of the definition, and of what runs: done at once, by a restart, left to the next boot, or to somebody. */
export function planChanges(plan: Plan, restarts: boolean): Change[] {
  return [
    ...asChanges(plan.differences, 'now'),
    ...plan.unwanted.map((u) => ({ path: u.path, before: u.before, after: 'absent', effect: 'now' as const })),
    ...plan.withheld.map(({ part, risk }) => ({
      path: part.path,
      ...(part.before === undefined ? {} : { before: part.before }),
      after: 'after' in part ? part.after : 'absent',
      effect: 'pending' as const,
      note: `needs a decision (allow: ${risk}): ${WHY[risk]}`,
    })),
    ...plan.live.map(({ path, before, after, step }) => ({
      path: `live.${path}`,
      ...(before === undefined ? {} : { before }),
      after: after ?? 'absent',
      ...effectOf(step, restarts),
    })),
  ]
}

/** When a difference of the running guest goes. */
function effectOf(step: LiveStep | undefined, restarts: boolean): Pick<Change, 'effect' | 'note'> {
  if (step?.settles === 'now') return { effect: 'now', note: 'while the guest runs' }
  if (step) return { effect: 'pending', note: step.note ?? 'until the guest lets go of it' }
  return restarts ? { effect: 'now', note: RESTARTS } : { effect: 'pending', note: 'at the next boot of the guest' }
}
