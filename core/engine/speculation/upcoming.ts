import { isSelected } from '../../playbook/selection.ts'
import type { Step, Task } from '../../playbook/types.ts'
import type { Batch } from '../batch.ts'
import type { Frame } from '../frame.ts'

/** Where a walk through steps stands: the step that comes next, and by its frame what comes behind the last one. */
export interface Place {
  readonly steps: readonly Step[]
  readonly index: number
  readonly frame: Frame
}

/** A task that comes later, if nothing fails. */
export interface Later {
  readonly task: Task
  readonly frame: Frame
}

/** Tasks in the order in which a host will come to them; a step of whose tasks nothing is known yet is told as a barrier. */
export function* upcoming(batch: Batch, place: Place | undefined): Generator<Later | 'barrier'> {
  for (let at = place; at; at = at.frame.after) {
    for (let i = at.index; i < at.steps.length; i++) yield* inside(batch, at.steps[i]!, at.frame)
  }
}

function* inside(batch: Batch, step: Step, frame: Frame): Generator<Later | 'barrier'> {
  if (step.kind === 'block') {
    // Without a failure its rescue is not for this host.
    for (const inner of step.steps) yield* inside(batch, inner, frame)
    for (const inner of step.always) yield* inside(batch, inner, frame)
    return
  }
  const { tags, skipTags } = batch.run.request
  if (!frame.handler && !isSelected(step.tags, { tags, skipTags })) return
  if (step.kind === 'include') yield 'barrier'
  else yield { task: step, frame }
}
