import type { LibvirtReader } from '../../../core/libvirt/types.ts'
import { type DomainModel, readDomain } from '../../../core/libvirt/xml/domain.ts'
import { child, type Element, parseXml } from '../../../core/libvirt/xml/element.ts'

/** A domain and whether it runs. */
export interface KnownDomain {
  readonly running: boolean
  readonly model: DomainModel
}

/** All domains of a host, two round trips: what uses a file, a MAC, a name. */
export async function allDomains(libvirt: LibvirtReader): Promise<KnownDomain[]> {
  const list = await libvirt.domains()
  const texts = await Promise.all(list.map((d) => libvirt.domainXml(d.name)))
  return list.flatMap((d, i) => {
    const text = texts[i]
    if (text === undefined) return []
    return [{ running: d.state !== 'shut off' && d.state !== 'crashed', model: readDomain(parseXml(text)) }]
  })
}

/** Names of domains that have this file or block device, as a disk or as the base of one while they run. */
export function usersOf(path: string, domains: readonly KnownDomain[]): KnownDomain[] {
  return domains.filter(({ model }) => JSON.stringify(model.xml).includes(JSON.stringify(path)))
}

/** Domains with a disk below a folder. */
export function usersBelow(folder: string, domains: readonly KnownDomain[]): KnownDomain[] {
  const prefix = folder.endsWith('/') ? folder : `${folder}/`
  return domains.filter(({ model }) => model.disks.some((d) => d.source?.startsWith(prefix)))
}

/** Domains with a disk in a pool: by its file or device, or by the name of pool and volume. */
export function usersOfPool(pool: Element, domains: readonly KnownDomain[]): KnownDomain[] {
  const name = child(pool, 'name')?.text ?? ''
  const path = child(pool, 'target', 'path')?.text
  const device = child(pool, 'source', 'device')?.attributes.path
  const { type } = pool.attributes
  const isIn = (source: string): boolean => {
    // Of devices, which all are in one folder, only those of this disk or target.
    if (type === 'disk') return device !== undefined && partitionOf(source, device)
    if (type === 'iscsi') return device !== undefined && source.includes(`-iscsi-${device}-lun-`)
    return path !== undefined && source.startsWith(path.endsWith('/') ? path : `${path}/`)
  }
  return domains.filter(({ model }) =>
    model.disks.some(({ source, type: kind }) => {
      if (source === undefined) return false
      return kind === 'volume' ? source.startsWith(`${name}/`) : isIn(source)
    }),
  )
}

/** /dev/sdb1 of /dev/sdb, /dev/nvme0n1p1 of /dev/nvme0n1; the disk itself too. */
function partitionOf(source: string, disk: string): boolean {
  return source.startsWith(disk) && /^(?:p?\d+|-part\d+)?$/.test(source.slice(disk.length))
}
