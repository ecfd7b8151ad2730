import type { DomainSummary } from '../api/states.ts'
import type { LibvirtReader } from '../types.ts'
import { child, childrenOf, type Element, parseXml } from '../xml/element.ts'
import { withVolumeFiles } from './volume-files.ts'

/** Files that the definitions of a domain name, live and of its next boot. */
export interface DomainFiles {
  readonly name: string
  readonly running: boolean
  /** It has been saved, and goes on with the disks as they are. */
  readonly saved: boolean
  readonly files: readonly string[]
  /** Volumes, as POOL/VOLUME, whose files are not known: their pool does not run. */
  readonly unknown: readonly string[]
}

/** A domain and its definitions, live and of its next boot, volumes by their files. */
export interface DefinedDomain {
  readonly summary: DomainSummary
  readonly running: boolean
  readonly definitions: readonly Element[]
}

/** All domains of a host; two round trips, a third where a disk is a volume. */
export async function definedDomains(libvirt: LibvirtReader): Promise<DefinedDomain[]> {
  const list = await libvirt.domains()
  return Promise.all(
    list.map(async (summary) => {
      const { name, state, persistent } = summary
      const running = state !== 'shut off' && state !== 'crashed'
      const texts = await Promise.all([
        libvirt.domainXml(name),
        running && persistent ? libvirt.domainXml(name, { inactive: true }) : undefined,
      ])
      const definitions = await Promise.all(
        texts.flatMap((text) => (text === undefined ? [] : [withVolumeFiles(libvirt, parseXml(text))])),
      )
      return { summary, running, definitions }
    }),
  )
}

/** The files of all domains of a host, at the price of definedDomains. */
export async function filesOfDomains(libvirt: LibvirtReader): Promise<DomainFiles[]> {
  return (await definedDomains(libvirt)).map(filesOf)
}

/** The files of a domain. */
export function filesOf({ summary, running, definitions }: DefinedDomain): DomainFiles {
  const [files, unknown] = [definitions.flatMap(filesIn), definitions.flatMap(volumesIn)]
  const { name, managedSave: saved } = summary
  return { name, running, saved, files: [...new Set(files)], unknown: [...new Set(unknown)] }
}

const NAMED = new Set(['kernel', 'initrd', 'loader', 'nvram'])

/** Paths in all sources of a definition, backing files and mirrors too. */
export function filesIn(element: Element): string[] {
  const own =
    element.name === 'source'
      ? [element.attributes.file, element.attributes.dev]
      : NAMED.has(element.name)
        ? [element.text, element.attributes.template]
        : []
  return [...own, ...element.children.flatMap(filesIn)].filter((path): path is string => path?.startsWith('/') === true)
}

const volumesIn = (domain: Element): string[] =>
  childrenOf(child(domain, 'devices'), 'disk').flatMap((disk) => {
    const { pool, volume } = child(disk, 'source')?.attributes ?? {}
    return pool !== undefined && volume !== undefined ? [`${pool}/${volume}`] : []
  })

/** A folder of all devices is none that holds images: among them are drives without a medium, and disks of others. */
export const mayHoldImages = (folder: string): boolean =>
  folder !== '/dev' && folder !== '/dev/mapper' && !folder.startsWith('/dev/disk/')

/** Where the pools of a host are, running or not. */
export async function poolFolders(libvirt: LibvirtReader): Promise<string[]> {
  const pools = await libvirt.pools()
  const texts = await Promise.all(pools.map(({ name }) => libvirt.poolXml(name)))
  return texts
    .map((text) => (text === undefined ? undefined : child(parseXml(text), 'target', 'path')?.text))
    .filter((path): path is string => path?.startsWith('/') === true)
    .filter(mayHoldImages)
}
