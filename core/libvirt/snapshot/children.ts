import type { LibvirtReader } from '../types.ts'
import { readSnapshot, type Snapshot } from './read.ts'

/** Names of the snapshots that were made on top of one; `names`: all of that domain. */
export async function childrenOf(
  libvirt: LibvirtReader,
  domain: string,
  name: string,
  names: readonly string[],
): Promise<string[]> {
  const others = names.filter((other) => other !== name)
  const texts = await Promise.all(others.map((other) => libvirt.snapshotXml(domain, other)))
  return others.filter((_, i) => {
    const text = texts[i]
    return text !== undefined && readSnapshot(text).parent === name
  })
}

/** Those that were made since one: on top of it, on top of these, and so on. */
export async function descendantsOf(libvirt: LibvirtReader, domain: string, name: string): Promise<Snapshot[]> {
  const names = await libvirt.snapshots(domain)
  const texts = await Promise.all(names.map((one) => libvirt.snapshotXml(domain, one)))
  const all = texts.flatMap((text) => (text === undefined ? [] : [readSnapshot(text)]))
  const found = new Map<string, Snapshot>()
  const since = (parent: string): void => {
    for (const one of all.filter((other) => other.parent === parent && !found.has(other.name))) {
      found.set(one.name, one)
      since(one.name)
    }
  }
  since(name)
  return [...found.values()]
}
