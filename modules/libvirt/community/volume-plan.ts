import type { JsonObject } from '../../../core/events/json.ts'
import { whenPoolIsFree } from '../../../core/libvirt/pools/retry.ts'
import type { LibvirtReader } from '../../../core/libvirt/types.ts'
import { child, formatXml, parseXml } from '../../../core/libvirt/xml/element.ts'
import { ModuleFailure, type Reader } from '../../../core/module/types.ts'
import { attempt } from '../daemon/failure.ts'
import { usersOfImages } from '../image/users.ts'
import { byName } from '../info/resources.ts'
import { allDomains, usersOf } from '../storage/users.ts'
import { type Deed, required } from './deed.ts'
import { declaredXml } from './definition.ts'
import type { VirtVolumeArgs } from './volume-args.ts'

export async function planVolume(libvirt: LibvirtReader, a: VirtVolumeArgs, host: Reader): Promise<Deed> {
  const pool = (await libvirt.pools()).find((one) => one.name === a.pool)
  if (!pool) throw new ModuleFailure(`storage pool ${a.pool} not found`)
  if (!pool.active)
    throw new ModuleFailure(`storage pool ${a.pool} is not active: what is in it is not known`, {
      hint: 'virt_pool with state: active',
    })
  const volumes = byName(await libvirt.volumes(a.pool))
  if (a.command === 'list_volumes') return { answer: { list_volumes: volumes.map((one) => one.name) } }
  if (a.command === 'info') return { answer: { volumes: await describe(libvirt, a, volumes) } }
  if (a.command === 'facts')
    return { answer: { ansible_facts: { ansible_libvirt_volumes: await describe(libvirt, a, volumes) } } }
  if (a.state === 'present' || a.command === 'create' || a.command === 'create_from') return create(a, volumes)
  const name = required(a.name, a.command ?? 'state')
  const found = volumes.find((one) => one.name === name)
  if (!found) {
    if (a.state === 'absent' || a.command === 'delete') return { answer: {} }
    throw new ModuleFailure(`volume ${name} not found in pool ${a.pool}`)
  }
  if (a.command === 'get_xml') return { answer: { get_xml: (await libvirt.volumeXml(a.pool, name)) ?? '' } }
  await refuseUsers(libvirt, host, name, found.path)
  const wipe = a.wipe || a.command === 'wipe'
  const remove = a.command !== 'wipe'
  const answer: JsonObject = a.command === undefined ? { msg: 0 } : { [a.command]: 0 }
  return {
    answer,
    act: async (host) => {
      const free = (what: string, act: () => Promise<void>): Promise<void> =>
        attempt(`${what} volume '${name}'`, () => whenPoolIsFree(host.signal, act))
      if (wipe) await free('wipe', () => host.libvirt.wipeVolume(a.pool, name))
      if (remove) await free('delete', () => host.libvirt.deleteVolume(a.pool, name))
      return undefined
    },
  }
}

function create(a: VirtVolumeArgs, volumes: readonly { readonly name: string }[]): Deed {
  const { xml, name } = declaredXml(a.xml, 'volume', a.name)
  if (volumes.some((one) => one.name === name)) return { answer: {} }
  const source = a.clone_source
  if (a.command === 'create_from' && source === undefined)
    throw new ModuleFailure('create_from needs the argument clone_source')
  if (source !== undefined && !volumes.some((one) => one.name === source))
    throw new ModuleFailure(`volume ${source} not found in pool ${a.pool}`)
  return {
    answer: { created: name },
    act: async (host) => {
      const text = formatXml(xml)
      await attempt(`create volume '${name}'`, () =>
        whenPoolIsFree(host.signal, () =>
          source === undefined
            ? host.libvirt.createVolume(a.pool, text)
            : host.libvirt.cloneVolume(a.pool, text, { volume: source }),
        ),
      )
      return undefined
    },
  }
}

/** What a domain has as a disk, or another image is on top of, is neither wiped nor deleted. */
async function refuseUsers(libvirt: LibvirtReader, host: Reader, name: string, path: string): Promise<void> {
  const [domains, images] = await Promise.all([allDomains(libvirt), usersOfImages(host, [path])])
  const users = usersOf(path, domains)
  const { overlays = [], unknown = [], closed = [] } = images.get(path) ?? {}
  const unseen = [...unknown, ...closed]
  if (overlays.length > 0)
    throw new ModuleFailure(`volume '${name}' is what ${overlays.join(', ')} is on top of`, {
      hint: 'remove that one, or make it whole (qemu-img rebase), first',
    })
  if (unseen.length > 0)
    throw new ModuleFailure(`who needs volume '${name}' is not known: ${unseen.join(', ')} cannot be looked into`, {
      hint: 'look as root (become)',
    })
  if (users.length === 0) return
  throw new ModuleFailure(`volume '${name}' is a disk of ${users.map((one) => one.model.name).join(', ')}`, {
    hint: 'remove the domain, or detach the disk, first',
  })
}

async function describe(
  libvirt: LibvirtReader,
  a: VirtVolumeArgs,
  volumes: readonly { readonly name: string; readonly path: string }[],
): Promise<JsonObject> {
  const wanted = volumes.filter(({ name }) => a.name === undefined || name === a.name)
  const all = await Promise.all(
    wanted.map(async ({ name, path }) => {
      const [info, text] = await Promise.all([libvirt.volumeInfo(a.pool, name), libvirt.volumeXml(a.pool, name)])
      const xml = text === undefined ? undefined : parseXml(text)
      return [
        name,
        {
          path,
          type: info?.type ?? null,
          capacity: info?.capacity ?? null,
          allocation: info?.allocation ?? null,
          format: child(xml, 'target', 'format')?.attributes.type ?? null,
          backing: child(xml, 'backingStore', 'path')?.text || null,
        },
      ] as const
    }),
  )
  return Object.fromEntries(all)
}
