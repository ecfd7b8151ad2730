import { canonical } from '../../../../core/libvirt/xml/canonical.ts'
import { child, type Element, parseXml } from '../../../../core/libvirt/xml/element.ts'
import { type DomainDisks, writtenBy } from './domains.ts'

/** A volume that is there. */
export interface Volume {
  readonly path: string
  readonly capacity: bigint
  readonly format: string
  readonly backing: string | undefined
  /** Machines that name it; no target: as the base of a disk. */
  readonly users: readonly { readonly name: string; readonly running: boolean; readonly target: string | undefined }[]
  /** Who may be writing to it. */
  readonly writer: string | undefined
  /** SHA-256; read only where it is compared with src. */
  readonly digest: string | undefined
}

export interface VolumePool {
  readonly active: boolean
  /** What its volumes are: files in a folder, block devices, or something else. */
  readonly kind: 'files' | 'blocks' | 'others'
  /** As libvirt names it: dir, logical. */
  readonly type: string
  readonly folder: string | undefined
}

const KINDS: Readonly<Record<string, VolumePool['kind']>> = {
  dir: 'files',
  fs: 'files',
  netfs: 'files',
  logical: 'blocks',
  disk: 'blocks',
  iscsi: 'blocks',
  'iscsi-direct': 'blocks',
  scsi: 'blocks',
  mpath: 'blocks',
}

/** From the definition of the pool. */
export function kindOf(text: string | undefined): Pick<VolumePool, 'kind' | 'type' | 'folder'> {
  const xml = text === undefined ? undefined : parseXml(text)
  const type = xml?.attributes.type ?? ''
  return { kind: KINDS[type] ?? 'others', type, folder: child(xml, 'target', 'path')?.text }
}

/** From libvirt's XML of it, and what machines say of themselves. */
export function readVolume(source: Element, domains: readonly DomainDisks[]): Omit<Volume, 'digest'> {
  const xml = canonical(source)
  const path = child(xml, 'target', 'path')?.text ?? ''
  const users = domains.filter((one) => one.files.includes(path))
  return {
    path,
    capacity: BigInt(child(xml, 'capacity')?.text ?? 0),
    // libvirt says `unknown` of a block device.
    format: child(xml, 'target', 'format')?.attributes.type?.replace('unknown', 'raw') ?? 'raw',
    backing: child(xml, 'backingStore', 'path')?.text,
    users: users.map(({ name, running, disks }) => ({
      name,
      running,
      target: disks.find((disk) => disk.source === path)?.target,
    })),
    writer: domains.find((one) => writtenBy(one).includes(path))?.name,
  }
}
