import { type GuestRequest, stopVm } from '../../fleet/power.ts'
import type { Streams } from '../streams.ts'
import { actOn } from './action.ts'
import type { DataFlags } from './flags.ts'
import { tell } from './print.ts'

export interface StopFlags extends DataFlags {
  force?: boolean
  /** In seconds. */
  timeout: number
  mode?: GuestRequest
}

/** `virtfleet vm stop`. */
export function stop(name: string, flags: StopFlags, streams: Streams): Promise<number> {
  return actOn(name, flags, streams, { done: 'stopped', already: 'is off already' }, (found, open) => {
    let asked = false
    return stopVm(found, {
      force: flags.force ?? false,
      timeoutMs: flags.timeout * 1000,
      ...(flags.mode && { mode: flags.mode }),
      onAsked: () => {
        if (!asked)
          tell(open, `${found.vm.name}@${found.vm.host} is asked to shut down; waiting ${flags.timeout} s for it`)
        asked = true
      },
    })
  })
}
