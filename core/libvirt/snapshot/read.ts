import { type DomainDisk, readDomain } from '../xml/domain.ts'
import { child, childrenOf, type Element, parseXml } from '../xml/element.ts'

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
  /** Its disks once the domain went back to it while others were on top of it: libvirt made new images for these (`<revertDisks>`). */
  readonly revertDisks: readonly SnapshotDisk[] | undefined
}

export interface SnapshotDisk {
  readonly target: string
  readonly external: boolean
  /** The image on top, which is written since; undefined for an internal one, and where it is on no file of the host. */
  readonly overlay: string | undefined
  /** The disk as it was then. */
  readonly base: DomainDisk | undefined
  /** What it was on then, as it ran and as at its next boot. */
  readonly images: readonly string[]
}

/** Reads `<domainsnapshot>`. */
export const readSnapshot = (source: string): Snapshot => readSnapshotXml(parseXml(source))

/** The same of what is parsed. */
export function readSnapshotXml(xml: Element): Snapshot {
  const then = [child(xml, 'inactiveDomain'), child(xml, 'domain')].flatMap((one) =>
    one ? [readDomain(one).disks] : [],
  )
  const memory = child(xml, 'memory')?.attributes
  const disks = disksIn(child(xml, 'disks'))
  const revert = child(xml, 'revertDisks')
  const external = memory?.snapshot === 'external' || disks.some((disk) => disk.attributes.snapshot === 'external')
  return {
    name: child(xml, 'name')?.text ?? '',
    type: external ? 'external' : 'internal',
    state: child(xml, 'state')?.text ?? '',
    parent: child(xml, 'parent', 'name')?.text,
    description: child(xml, 'description')?.text || undefined,
    created: Number(child(xml, 'creationTime')?.text ?? 0),
    memoryFile: memory?.snapshot === 'external' ? memory.file : undefined,
    disks: disks.map((disk) => readSnapshotDisk(disk, then)),
    revertDisks: revert && disksIn(revert).map((disk) => readSnapshotDisk(disk, then)),
  }
}

const disksIn = (list: Element | undefined): Element[] =>
  childrenOf(list, 'disk').filter((disk) => disk.attributes.snapshot !== 'no')

function readSnapshotDisk(disk: Element, then: readonly (readonly DomainDisk[])[]): SnapshotDisk {
  const target = disk.attributes.name ?? ''
  const source = child(disk, 'source')?.attributes
  const external = disk.attributes.snapshot === 'external'
  const overlay = external ? (source?.file ?? source?.dev) : undefined
  const [base, images] = [
    then[0]?.find((one) => one.target === target),
    then.flatMap((disks) => disks.find((one) => one.target === target)?.source ?? []),
  ]
  return { target, external, overlay, base, images: [...new Set(images)] }
}
