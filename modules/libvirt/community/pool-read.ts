import type { JsonObject } from '../../../core/events/json.ts'
import type { LibvirtReader, PoolSummary } from '../../../core/libvirt/types.ts'
import { child, parseXml } from '../../../core/libvirt/xml/element.ts'
import { byName } from '../info/resources.ts'
import { yesNo } from './deed.ts'

/** Of every pool, by its name: what Ansible's command info tells, in its types. */
export async function describePools(libvirt: LibvirtReader, pools: readonly PoolSummary[]): Promise<JsonObject> {
  const all = await Promise.all(
    pools.map(async (one) => {
      const [text, info, volumes] = await Promise.all([
        libvirt.poolXml(one.name),
        libvirt.poolInfo(one.name),
        one.active ? libvirt.volumes(one.name) : undefined,
      ])
      const xml = text === undefined ? undefined : parseXml(text)
      const source = child(xml, 'source')
      const found: JsonObject = {
        autostart: yesNo(one.autostart),
        persistent: yesNo(one.persistent),
        state: one.active ? 'active' : 'inactive',
        status: info?.state ?? 'inactive',
        uuid: one.uuid,
        type: xml?.attributes.type,
        path: child(xml, 'target', 'path')?.text,
        format: child(source, 'format')?.attributes.type,
        host: child(source, 'host')?.attributes.name,
        source_path: child(source, 'dir')?.attributes.path,
        size_total: String(info?.capacity ?? 0),
        size_used: String(info?.allocation ?? 0),
        size_available: String(info?.available ?? 0),
        volume_count: volumes?.length ?? -1,
        ...(volumes && { volumes: byName(volumes).map((volume) => volume.name) }),
      }
      return [one.name, Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))] as const
    }),
  )
  return Object.fromEntries(all)
}
