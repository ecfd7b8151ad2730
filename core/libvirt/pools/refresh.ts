import { dirname } from 'node:path'
import { type Libvirt, LibvirtError } from '../types.ts'
import { child, parseXml } from '../xml/element.ts'
import { whenPoolIsFree } from './retry.ts'

/**
 * Lets the active pools see what was made or removed beside libvirt. The files are there whether a pool sees them or not: a pool that
 * cannot be refreshed is no failure.
 */
export async function refreshPoolsOf(libvirt: Libvirt, files: readonly string[], signal?: AbortSignal): Promise<void> {
  const folders = new Set(files.map((file) => dirname(file)))
  try {
    const pools = (await libvirt.pools()).filter((pool) => pool.active)
    const texts = await Promise.all(pools.map(({ name }) => libvirt.poolXml(name)))
    for (const [i, { name }] of pools.entries()) {
      const text = texts[i]
      const path = text === undefined ? undefined : child(parseXml(text), 'target', 'path')?.text
      if (path !== undefined && folders.has(path.replace(/(.)\/$/, '$1')))
        await whenPoolIsFree(signal, () => libvirt.refreshPool(name))
    }
  } catch (error) {
    if (!(error instanceof LibvirtError)) throw error
  }
}
