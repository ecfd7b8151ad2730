import { createHash } from 'node:crypto'

/** QEMU's prefix: locally administered, unicast. */
const PREFIX = '52:54:00'

/** More rehashes than any fleet that fits into 24 bits needs. */
const ATTEMPTS = 1000
/** As many as an address that was given once can have needed, but for one in many millions. */
const LIKELY_ATTEMPTS = 8

/**
 * The MAC of the nth interface of a VM: prefix and 24 bits of a hash of fleet, VM and index. Where another machine has it
 * (one in three fleets of a thousand interfaces), the hash is taken again with a counter, so the answer depends only on
 * what is taken. Raises RangeError if no address is left.
 */
export function fleetMac(fleet: string, vm: string, index: number, taken: ReadonlySet<string> = new Set()): string {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const mac = candidate(fleet, vm, index, attempt)
    if (!taken.has(mac)) return mac
  }
  throw new RangeError(`no free MAC address for ${vm}`)
}

/** Whether fleetMac gave that MAC to the nth interface of a VM, whatever was taken then. */
export function isFleetMac(mac: string, fleet: string, vm: string, index: number): boolean {
  for (let attempt = 0; attempt < LIKELY_ATTEMPTS; attempt++)
    if (candidate(fleet, vm, index, attempt) === mac) return true
  return false
}

function candidate(fleet: string, vm: string, index: number, attempt: number): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([fleet, vm, index, attempt]))
    .digest()
  return [PREFIX, ...[0, 1, 2].map((i) => (hash[i] ?? 0).toString(16).padStart(2, '0'))].join(':')
}
