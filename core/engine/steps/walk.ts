import { isSelected } from '../../playbook/selection.ts'
import type { Step } from '../../playbook/types.ts'
import type { Batch } from '../batch.ts'
import type { Frame } from '../frame.ts'
import type { HostRecord } from '../host-record.ts'
import { activeHosts } from './active.ts'
import { runBlock } from './block.ts'
import { runInclude } from './include.ts'
import { runTask } from './task.ts'

/**
 * Steps in order, each on all of these hosts before the next one: the linear strategy. Called with one host at a time it
 * is the free one.
 */
export async function walk(
  batch: Batch,
  steps: readonly Step[],
  hosts: readonly HostRecord[],
  frame: Frame,
): Promise<void> {
  for (const [index, step] of steps.entries()) {
    if (batch.stopped) {
      batch.run.interrupts.stopBefore(nameOf(step))
      return
    }
    const active = activeHosts(batch, hosts, frame)
    if (active.length === 0) return
    if (step.kind === 'block') {
      await runBlock(batch, step, active, { ...frame, after: { steps, index: index + 1, frame } }, walk)
      continue
    }
    if (!batch.run.reached(step) || !(frame.handler || selected(batch, step))) continue
    const after = { steps, index: index + 1, frame }
    if (step.kind === 'include') await runInclude(batch, step, active, { ...frame, after }, walk)
    else await runTask(batch, step, active, frame, walk, after)
  }
}

function selected(batch: Batch, step: Step): boolean {
  const { tags, skipTags } = batch.run.request
  return isSelected(step.tags, { tags, skipTags })
}

const nameOf = (step: Step): string =>
  typeof step.name === 'string' ? step.name : step.kind === 'task' ? step.module : step.kind
