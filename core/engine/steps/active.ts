import type { Batch } from '../batch.ts'
import type { Frame } from '../frame.ts'
import type { HostRecord } from '../host-record.ts'

/** Hosts that take part in the next step here. */
export function activeHosts(batch: Batch, hosts: readonly HostRecord[], frame: Frame): HostRecord[] {
  return hosts.filter((host) => {
    if (frame.catchers.some((catcher) => catcher.has(host.name))) return false
    if (frame.withFailed) return !host.unreachable && !batch.ended.has(host.name)
    return batch.isAlive(host.name)
  })
}
