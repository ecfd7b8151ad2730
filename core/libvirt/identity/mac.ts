import { createHash } from 'node:crypto'

/** QEMU's prefix: locally administered, unicast. */
const PREFIX = '52:54:00'

/** More rehashes than any fleet that fits into 24 bits needs. */
const ATTEMPTS = 1000

/**
 * The MAC of the nth interface of a VM: prefix and 24 bits of a hash of fleet, VM and index. Where another machine has it
 * (one in three fleets of a thousand interfaces), the hash is taken again with a counter, so the answer depends only on
 * what is taken. Raises RangeError if no address is left.
 */
export function fleetMac(fleet: string, vm: string, index: number, taken: ReadonlySet<string> = new Set()): string {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const hash = createHash('sha256')
      .update(JSON.stringify([fleet, vm, index, attempt]))
      .digest()
    const mac = [PREFIX, ...[0, 1, 2].map((i) => (hash[i] ?? 0).toString(16).padStart(2, '0'))].join(':')
    if (!taken.has(mac)) return mac
  }
  throw new RangeError(`no free MAC address for ${vm}`)
}
