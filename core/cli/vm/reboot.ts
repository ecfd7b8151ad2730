import { type GuestRequest, rebootVm } from '../../fleet/power.ts'
import type { Streams } from '../streams.ts'
import { actOn } from './action.ts'
import type { DataFlags } from './flags.ts'

export interface RebootFlags extends DataFlags {
  force?: boolean
  mode?: GuestRequest
}

/** `virtfleet vm reboot`. */
export function reboot(name: string, flags: RebootFlags, streams: Streams): Promise<number> {
  const force = flags.force ?? false
  const words = { done: force ? 'was reset' : 'was asked to reboot', already: 'was not rebooted' }
  return actOn(name, flags, streams, words, (found) =>
    rebootVm(found, { force, ...(flags.mode && { mode: flags.mode }) }),
  )
}
