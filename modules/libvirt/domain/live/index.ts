import type { Difference } from '../../../../core/libvirt/xml/diff.ts'
import { attachStep, updateStep } from './devices.ts'
import type { LiveStep, Running, StepMaker } from './step.ts'
import { processorStep, throttleStep, tuningStep } from './tuning.ts'

export { detachStep, ejectStep, isHot } from './devices.ts'
export type { LiveStep } from './step.ts'
export { balloonStep } from './tuning.ts'

const MAKERS: readonly StepMaker[] = [attachStep, updateStep, processorStep, tuningStep, throttleStep]

/** How a difference of the running guest is made good at once; undefined: it waits for the next boot. */
export function liveStep(difference: Difference, running: Running): LiveStep | undefined {
  for (const make of MAKERS) {
    const step = make(difference, running)
    if (step) return step
  }
  return undefined
}
