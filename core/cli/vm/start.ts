import { startVm } from '../../fleet/power.ts'
import type { Streams } from '../streams.ts'
import { actOn } from './action.ts'
import type { DataFlags } from './flags.ts'

/** `virtfleet vm start`. */
export function start(name: string, flags: DataFlags, streams: Streams): Promise<number> {
  return actOn(name, flags, streams, { done: 'started', already: 'runs already' }, startVm)
}
