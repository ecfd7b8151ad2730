import { canonical } from './canonical.ts'
import { child, childrenOf, type Element } from './element.ts'

/** A disk, CD-ROM or floppy of a domain. */
export interface DomainDisk {
  readonly device: string
  readonly type: string
  readonly target: string
  /** File, block device or `pool/volume`; undefined for an empty drive. */
  readonly source: string | undefined
  readonly format: string | undefined
  readonly cache: string | undefined
  readonly readonly: boolean
  readonly shareable: boolean
  readonly transient: boolean
  /** A medium that may be missing when the guest starts. */
  readonly optional: boolean
}

export interface DomainNic {
  /** Lower case; undefined where libvirt is to make one up. */
  readonly mac: string | undefined
  readonly type: string
  /** The network, bridge or device. */
  readonly source: string | undefined
}

/** What we read of a domain's definition. */
export interface DomainModel {
  readonly name: string
  readonly uuid: string | undefined
  readonly type: string
  readonly memoryKiB: number
  readonly vcpus: number
  readonly machine: string | undefined
  readonly cpuMode: string | undefined
  readonly disks: readonly DomainDisk[]
  readonly nics: readonly DomainNic[]
  readonly nvram: string | undefined
  readonly tpm: boolean
  /** Kernel, initial RAM disk, firmware: files that must be there besides the disks. */
  readonly bootFiles: readonly string[]
  readonly xml: Element
}

/** Reads `<domain>`; the element is made canonical. */
export function readDomain(element: Element): DomainModel {
  const xml = canonical(element)
  const devices = child(xml, 'devices')
  const os = child(xml, 'os')
  const files = ['kernel', 'initrd', 'loader']
    .map((name) => child(os, name)?.text)
    .filter((t) => t !== undefined && t !== '')
  return {
    name: child(xml, 'name')?.text ?? '',
    uuid: child(xml, 'uuid')?.text || undefined,
    type: xml.attributes.type ?? '',
    memoryKiB: Number(child(xml, 'memory')?.text ?? 0),
    vcpus: Number(child(xml, 'vcpu')?.text ?? 1),
    machine: child(os, 'type')?.attributes.machine,
    cpuMode: child(xml, 'cpu')?.attributes.mode,
    disks: childrenOf(devices, 'disk').map(readDisk),
    nics: childrenOf(devices, 'interface').map(readNic),
    nvram: child(os, 'nvram')?.text || undefined,
    tpm: child(devices, 'tpm', 'backend')?.attributes.type === 'emulator',
    bootFiles: files as string[],
    xml,
  }
}

function readDisk(disk: Element): DomainDisk {
  const source = child(disk, 'source')?.attributes
  const volume = source?.volume === undefined ? undefined : `${source.pool ?? ''}/${source.volume}`
  return {
    device: disk.attributes.device ?? 'disk',
    type: disk.attributes.type ?? 'file',
    target: child(disk, 'target')?.attributes.dev ?? '',
    source: source?.file ?? source?.dev ?? volume ?? source?.dir ?? source?.name,
    format: child(disk, 'driver')?.attributes.type,
    cache: child(disk, 'driver')?.attributes.cache,
    readonly: child(disk, 'readonly') !== undefined,
    shareable: child(disk, 'shareable') !== undefined,
    transient: child(disk, 'transient') !== undefined,
    optional: ['optional', 'requisite'].includes(source?.startupPolicy ?? ''),
  }
}

function readNic(nic: Element): DomainNic {
  const source = child(nic, 'source')?.attributes
  return {
    mac: child(nic, 'mac')?.attributes.address?.toLowerCase(),
    type: nic.attributes.type ?? '',
    source: source?.network ?? source?.bridge ?? source?.dev,
  }
}
