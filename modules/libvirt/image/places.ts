import type { LibvirtReader } from '../../../core/libvirt/types.ts'
import { child, childrenOf, type Element, parseXml } from '../../../core/libvirt/xml/element.ts'
import { withVolumeFiles } from '../storage/volume-files.ts'

/** Files that the definitions of a domain name, live and of its next boot. */
export interface DomainFiles {
  readonly name: string
  readonly running: boolean
  readonly files: readonly string[]
  /** Volumes, as POOL/VOLUME, whose files are not known: their pool does not run. */
  readonly unknown: readonly string[]
}

/** The files of all domains of a host; two round trips, a third where a disk is a volume. */
export async function filesOfDomains(libvirt: LibvirtReader): Promise<DomainFiles[]> {
  const list = await libvirt.domains()
  return Promise.all(
    list.map(async ({ name, state, persistent }) => {
      const running = state !== 'shut off' && state !== 'crashed'
      const [live, config] = await Promise.all([
        libvirt.domainXml(name),
        running && persistent ? libvirt.domainXml(name, { inactive: true }) : undefined,
      ])
      const texts = [live, config].filter((text) => text !== undefined)
      const definitions = await Promise.all(texts.map((text) => withVolumeFiles(libvirt, parseXml(text))))
      const [files, unknown] = [definitions.flatMap(filesIn), definitions.flatMap(volumesIn)]
      return { name, running, files: [...new Set(files)], unknown: [...new Set(unknown)] }
    }),
  )
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

/** Where the pools of a host are, running or not; a folder of all devices is none that holds images. */
export async function poolFolders(libvirt: LibvirtReader): Promise<string[]> {
  const pools = await libvirt.pools()
  const texts = await Promise.all(pools.map(({ name }) => libvirt.poolXml(name)))
  return texts
    .map((text) => (text === undefined ? undefined : child(parseXml(text), 'target', 'path')?.text))
    .filter((path): path is string => path?.startsWith('/') === true)
    .filter((path) => (path === '/dev' ? false : !path.startsWith('/dev/disk/') && path !== '/dev/mapper'))
}
