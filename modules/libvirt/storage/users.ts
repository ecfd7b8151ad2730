import type { LibvirtReader } from '../../../core/libvirt/types.ts'
import { type DomainModel, readDomain } from '../../../core/libvirt/xml/domain.ts'
import { parseXml } from '../../../core/libvirt/xml/element.ts'

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
