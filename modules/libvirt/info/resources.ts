import type { JsonObject } from '../../../core/events/json.ts'
import type { LibvirtReader } from '../../../core/libvirt/types.ts'
import { child, childrenOf, type Element, parseXml } from '../../../core/libvirt/xml/element.ts'
import { parseSize } from '../../../core/libvirt/xml/units.ts'
import { type InfoArgs, wants } from './args.ts'

/** In an order that does not depend on the way to libvirt. */
export function byName<T extends { readonly name: string }>(all: readonly T[]): T[] {
  return [...all].sort((x, y) => (x.name < y.name ? -1 : 1))
}

/** Networks; with details the bridge, how they forward, their addresses and their leases. */
export async function networksInfo(libvirt: LibvirtReader, a: InfoArgs): Promise<JsonObject[]> {
  const all = byName((await libvirt.networks()).filter(({ name }) => a.networks?.includes(name) ?? true))
  return Promise.all(
    all.map(async ({ name, uuid, active, autostart, persistent }) => {
      const own = { name, uuid, active, autostart, persistent }
      if (!a.details) return own
      const [text, leases] = await Promise.all([libvirt.networkXml(name), active ? libvirt.leases(name) : []])
      if (text === undefined) return own
      const xml = parseXml(text)
      return {
        ...own,
        bridge: child(xml, 'bridge')?.attributes.name ?? null,
        forward: child(xml, 'forward')?.attributes.mode ?? (child(xml, 'forward') ? 'nat' : null),
        addresses: childrenOf(xml, 'ip').map(
          ({ attributes }) => `${attributes.address}/${attributes.prefix ?? attributes.netmask ?? ''}`,
        ),
        leases: leases.map((lease) => ({ ...lease })),
      }
    }),
  )
}

/** Pools; with details type, path and room in bytes, with the subset volumes what is in them. */
export async function poolsInfo(libvirt: LibvirtReader, a: InfoArgs): Promise<JsonObject[]> {
  const all = byName((await libvirt.pools()).filter(({ name }) => a.pools?.includes(name) ?? true))
  return Promise.all(
    all.map(async ({ name, uuid, active, autostart, persistent }) => {
      const [text, volumes] = await Promise.all([
        a.details ? libvirt.poolXml(name) : undefined,
        wants(a, 'volumes') && active ? libvirt.volumes(name) : undefined,
      ])
      return {
        name,
        uuid,
        active,
        autostart,
        persistent,
        ...(text !== undefined && poolDefinition(parseXml(text))),
        ...(volumes && { volumes: await volumesInfo(libvirt, a, name, byName(volumes)) }),
      }
    }),
  )
}

function poolDefinition(xml: Element): JsonObject {
  return {
    type: xml.attributes.type ?? null,
    path: child(xml, 'target', 'path')?.text ?? null,
    ...Object.fromEntries(['capacity', 'allocation', 'available'].map((key) => [key, bytes(child(xml, key))])),
  }
}

async function volumesInfo(
  libvirt: LibvirtReader,
  a: InfoArgs,
  pool: string,
  volumes: readonly { name: string; path: string }[],
): Promise<JsonObject[]> {
  if (!a.details) return volumes.map((one) => ({ ...one }))
  return Promise.all(
    volumes.map(async (one) => {
      const text = await libvirt.volumeXml(pool, one.name)
      if (text === undefined) return { ...one }
      const xml = parseXml(text)
      return {
        ...one,
        format: child(xml, 'target', 'format')?.attributes.type ?? null,
        capacity: bytes(child(xml, 'capacity')),
        allocation: bytes(child(xml, 'allocation')),
        backing: child(xml, 'backingStore', 'path')?.text || null,
      }
    }),
  )
}

/** A size with its unit, which is bytes where none is given. */
function bytes(element: Element | undefined): number | null {
  if (!element) return null
  const size = parseSize(`${element.text} ${element.attributes.unit ?? 'bytes'}`)
  return size === undefined ? null : Number(size)
}
