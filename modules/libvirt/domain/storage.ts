import { readDomain } from '../../../core/libvirt/xml/domain.ts'
import type { FoundDomain, HostDomains } from './probe.ts'

/**
 * The images that go with a domain: its writable disks that are files, are not shared, belong to no other domain and are
 * the base of no other disk. Everything else stays: CD-ROMs, block devices, bases.
 */
export function storageToDelete(host: HostDomains, found: FoundDomain): string[] {
  const xml = found.config ?? found.live
  if (!xml) return []
  return readDomain(xml)
    .disks.filter((d) => d.device === 'disk' && d.type === 'file' && !d.readonly && !d.shareable)
    .map((d) => d.source)
    .filter((path): path is string => path?.startsWith('/') === true)
    .filter((path) => !host.bases.has(path) && !host.others.some((o) => o.model.disks.some((d) => d.source === path)))
}
