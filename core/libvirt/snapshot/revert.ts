import type { Libvirt } from '../types.ts'
import type { ChosenSnapshot } from './host.ts'
import { type AskedHost, demandRevertible } from './standing.ts'

/**
 * Takes a domain back to a snapshot; not where others stand on images that are written to or removed then. `next`: what the guest is
 * after it. Raises SnapshotKept and LibvirtError.
 */
export async function revertTo(
  host: AskedHost & { readonly libvirt: Libvirt },
  chosen: ChosenSnapshot,
  next: { running?: boolean; paused?: boolean },
): Promise<void> {
  await demandRevertible(host, chosen)
  await host.libvirt.revertSnapshot(chosen.uuid, chosen.snapshot.name, next)
}
