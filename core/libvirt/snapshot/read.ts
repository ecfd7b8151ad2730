import { type DomainDisk, readDomain } from '../xml/domain.ts'
import { child, childrenOf, parseXml } from '../xml/element.ts'

/** A snapshot as its XML tells it (libvirt's formatsnapshot). */
export interface Snapshot {
  readonly name: string
  readonly type: 'internal' | 'external'
  /** State of the guest in it: running, paused, shutoff, disk-snapshot. */
  readonly state: string
  readonly parent: string | undefined
  readonly description: string | undefined
  /** Seconds since the epoch. */
  readonly created: number
  /** File with the memory, of an external one. */
  readonly memoryFile: string | undefined
  readonly disks: readonly SnapshotDisk[]
}

export interface SnapshotDisk {
  readonly target: string
  readonly external: boolean
  /** The image on top, which is written since; undefined for an internal one, and where it is on no file of the host. */
  readonly overlay: string | undefined
  /** The disk as it was then. */
  readonly base: DomainDisk | undefined
}

/** Reads `<domainsnapshot>`. */
export function readSnapshot(source: string): Snapshot {
  const xml = parseXml(source)
  const domain = child(xml, 'inactiveDomain') ?? child(xml, 'domain')
  const before = domain ? readDomain(domain).disks : []
  const memory = child(xml, 'memory')?.attributes
  const disks = childrenOf(child(xml, 'disks'), 'disk').filter((disk) => disk.attributes.snapshot !== 'no')
  const external = memory?.snapshot === 'external' || disks.some((disk) => disk.attributes.snapshot === 'external')
  return {
    name: child(xml, 'name')?.text ?? '',
    type: external ? 'external' : 'internal',
    state: child(xml, 'state')?.text ?? '',
    parent: child(xml, 'parent', 'name')?.text,
    description: child(xml, 'description')?.text || undefined,
    created: Number(child(xml, 'creationTime')?.text ?? 0),
    memoryFile: memory?.snapshot === 'external' ? memory.file : undefined,
    disks: disks.map((disk) => {
      const target = disk.attributes.name ?? ''
      const source = child(disk, 'source')?.attributes
      const external = disk.attributes.snapshot === 'external'
      const overlay = external ? (source?.file ?? source?.dev) : undefined
      return { target, external, overlay, base: before.find((one) => one.target === target) }
    }),
  }
}
