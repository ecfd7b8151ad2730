import { LibvirtError, type LibvirtReader } from '../types.ts'
import { child, type Element, parseXml } from '../xml/element.ts'

/** The definition with files and devices for the volumes that its disks name. One that no active pool has stays as it is. */
export async function withVolumeFiles(libvirt: LibvirtReader, domain: Element): Promise<Element> {
  const device = async (one: Element): Promise<Element> => {
    const source = child(one, 'source')
    const { pool, volume } = source?.attributes ?? {}
    if (one.name !== 'disk' || one.attributes.type !== 'volume' || !source || !pool || !volume) return one
    const text = await libvirt.volumeXml(pool, volume).catch(notRunning)
    const xml = text === undefined ? undefined : parseXml(text)
    const path = child(xml, 'target', 'path')?.text
    const type = xml?.attributes.type
    if ((type !== 'file' && type !== 'block') || path === undefined) return one
    const attributes: Record<string, string> = type === 'file' ? { file: path } : { dev: path }
    const children = one.children.map((part) => (part === source ? { ...part, attributes } : part))
    return { ...one, attributes: { ...one.attributes, type }, children }
  }
  const children = domain.children.map(async (part) =>
    part.name === 'devices' ? { ...part, children: await Promise.all(part.children.map(device)) } : part,
  )
  return { ...domain, children: await Promise.all(children) }
}

/** A pool that does not run says nothing of its volumes. */
function notRunning(error: unknown): undefined {
  if (error instanceof LibvirtError) return undefined
  throw error
}
