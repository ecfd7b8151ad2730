import type { LibvirtReader } from '../types.ts'
import { readSnapshot } from './read.ts'

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
