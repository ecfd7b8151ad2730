import { suspendVm } from '../../fleet/power.ts'
import type { Streams } from '../streams.ts'
import { actOn } from './action.ts'
import type { DataFlags } from './flags.ts'

/** `virtfleet vm suspend`. */
export function suspend(name: string, flags: DataFlags, streams: Streams): Promise<number> {
  return actOn(name, flags, streams, { done: 'paused', already: 'is paused already' }, suspendVm)
}
