import { resumeVm } from '../../fleet/power.ts'
import type { Streams } from '../streams.ts'
import { actOn } from './action.ts'
import type { DataFlags } from './flags.ts'

/** `virtfleet vm resume`. */
export function resume(name: string, flags: DataFlags, streams: Streams): Promise<number> {
  return actOn(name, flags, streams, { done: 'resumed', already: 'runs already' }, resumeVm)
}
