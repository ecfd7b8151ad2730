import type { JsonObject } from '../../../core/events/json.ts'
import { whenPoolIsFree } from '../../../core/libvirt/pools/retry.ts'
import type { Libvirt, LibvirtReader, PoolSummary } from '../../../core/libvirt/types.ts'
import { child, formatXml, parseXml } from '../../../core/libvirt/xml/element.ts'
import { ModuleFailure } from '../../../core/module/types.ts'
import { attempt } from '../daemon/failure.ts'
import { allDomains, usersBelow } from '../storage/users.ts'
import { type Deed, required } from './deed.ts'
import { declaredXml, withIdentity, wouldChange } from './definition.ts'
import type { VirtPoolArgs } from './pool-args.ts'
import { describePools } from './pool-read.ts'

type Action = (libvirt: Libvirt) => Promise<void>

export async function planPool(libvirt: LibvirtReader, a: VirtPoolArgs): Promise<Deed> {
  const pools = await libvirt.pools()
  if (a.command === 'list_pools') return { answer: { list_pools: pools.map((one) => one.name) } }
  if (a.command === 'info') return { answer: { pools: await describePools(libvirt, pools) } }
  if (a.command === 'facts')
    return { answer: { ansible_facts: { ansible_libvirt_pools: await describePools(libvirt, pools) } } }
  if (a.command === 'define') return define(libvirt, a)
  const name = required(a.name, a.command ?? 'state')
  const found = pools.find((one) => one.name === name)
  if (found) return ofPool(libvirt, a, found)
  if (a.state === 'absent' || a.state === 'undefined' || a.state === 'deleted') return { answer: {} }
  if (a.state !== 'present') throw new ModuleFailure(`storage pool ${name} not found`)
  if (a.xml === undefined) throw new ModuleFailure(`storage pool '${name}' not present, but xml not specified`)
  return define(libvirt, a)
}

async function ofPool(libvirt: LibvirtReader, a: VirtPoolArgs, found: PoolSummary): Promise<Deed> {
  const { name, active } = found
  const start: Action[] = active ? [] : [(writer) => writer.startPool(name)]
  const stop = async (): Promise<Action[]> => {
    if (!active) return []
    await refuseUsers(libvirt, a, name)
    return [(writer) => writer.destroyPool(name)]
  }
  const forget: Action[] = found.persistent ? [(writer) => writer.undefinePool(name)] : []
  const remove: Action = (writer) => writer.deletePool(name)
  const command = async (): Promise<[JsonObject, Action[]] | undefined> => {
    switch (a.command) {
      case 'build': {
        const how = { overwrite: a.mode === 'overwrite', noOverwrite: a.mode === 'no_overwrite' }
        return [{ build: 0 }, [(writer) => writer.buildPool(name, how)]]
      }
      case 'create':
      case 'start':
        return [{ [a.command]: 0 }, start]
      case 'stop':
      case 'destroy':
        return [{ [a.command]: 0 }, await stop()]
      case 'delete':
        return [{ delete: 0 }, [...(await stop()), remove]]
      case 'undefine':
        return [{ undefine: 0 }, [...(await stop()), ...forget]]
      case 'refresh':
        return [{ refresh: 0 }, [(writer) => writer.refreshPool(name)]]
      default:
        return undefined
    }
  }
  if (a.command === 'status') return { answer: { status: active ? 'active' : 'inactive' } }
  if (a.command === 'get_xml') return { answer: { get_xml: (await libvirt.poolXml(name)) ?? '' } }
  const given = await command()
  if (given) return { answer: given[0], act: given[1].length > 0 ? doing(a.command ?? '', name, given[1]) : undefined }
  const { autostart } = a
  const actions: Action[] = []
  if (a.state === 'active') actions.push(...start)
  if (a.state === 'inactive') actions.push(...(await stop()))
  if (a.state === 'absent' || a.state === 'undefined') actions.push(...(await stop()), ...forget)
  if (a.state === 'deleted') actions.push(...(await stop()), remove, ...forget)
  else if (autostart !== undefined && autostart !== found.autostart)
    actions.push((writer) => writer.setAutostart('pool', name, autostart))
  if (actions.length === 0) return { answer: {} }
  return { answer: { msg: 0 }, act: doing(a.state ?? 'autostart', name, actions) }
}

const doing =
  (what: string, name: string, actions: readonly Action[]): NonNullable<Deed['act']> =>
  async (host) => {
    for (const action of actions)
      await attempt(`${what} pool '${name}'`, () => whenPoolIsFree(host.signal, () => action(host.libvirt)))
    return undefined
  }

async function define(libvirt: LibvirtReader, a: VirtPoolArgs): Promise<Deed> {
  const { xml, name } = declaredXml(a.xml, 'pool', a.name)
  const text = await libvirt.poolXml(name, { inactive: true })
  const actual = text === undefined ? undefined : parseXml(text)
  if (actual && !wouldChange(xml, actual)) return { answer: {} }
  const action: Action = (writer) => writer.definePool(formatXml(withIdentity(xml, actual)))
  return { answer: actual ? {} : { created: name }, act: doing('define', name, [action]) }
}

async function refuseUsers(libvirt: LibvirtReader, a: VirtPoolArgs, name: string): Promise<void> {
  if (a.allow_disruption) return
  const [text, domains] = await Promise.all([libvirt.poolXml(name), allDomains(libvirt)])
  const path = text === undefined ? undefined : child(parseXml(text), 'target', 'path')?.text
  const users = path === undefined ? [] : usersBelow(path, domains).filter((one) => one.running)
  if (users.length === 0) return
  throw new ModuleFailure(
    `pool '${name}' is in use by running guests: ${users.map((one) => one.model.name).join(', ')}`,
    {
      hint: 'allow_disruption: true stops it all the same',
    },
  )
}
