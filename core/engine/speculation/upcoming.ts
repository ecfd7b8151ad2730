import { isSelected } from '../../playbook/selection.ts'
import type { Step, Task } from '../../playbook/types.ts'
import type { Batch } from '../batch.ts'
import type { Frame } from '../frame.ts'
import { instanceKey } from '../task/turns.ts'
import { namesGivenBy } from './names.ts'

/** Where a walk through steps stands: the step that comes next, and by its frame what comes behind the last one. */
export interface Place {
  readonly steps: readonly Step[]
  readonly index: number
  readonly frame: Frame
}

/** A task that comes later, if nothing fails; the same for all hosts that look at it from one place. */
export interface Later {
  readonly task: Task
  readonly frame: Frame
  /** As its turn will have it. */
  readonly key: string
  /** See namesGivenBy. */
  readonly gives: readonly string[] | undefined
}

interface Seen {
  readonly list: (Later | 'barrier')[]
  readonly rest: Generator<Later | 'barrier'>
}

const seen = new WeakMap<Place, Seen>()

/**
 * Tasks in the order in which hosts of the batch will come to them; a step of whose tasks nothing is known yet is told as a
 * barrier. What one host has looked at from a place the others need not find again.
 */
export function* upcoming(batch: Batch, place: Place | undefined): Generator<Later | 'barrier'> {
  if (!place) return
  let known = seen.get(place)
  if (!known) {
    known = { list: [], rest: behind(batch, place) }
    seen.set(place, known)
  }
  const { list, rest } = known
  for (let i = 0; ; i++) {
    if (i === list.length) {
      const next = rest.next()
      if (next.done) return
      list.push(next.value)
    }
    yield list[i]!
  }
}

function* behind(batch: Batch, place: Place): Generator<Later | 'barrier'> {
  for (let at: Place | undefined = place; at; at = at.frame.after) {
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
  else yield { task: step, frame, key: instanceKey(batch, step, frame), gives: namesGivenBy(step) }
}
