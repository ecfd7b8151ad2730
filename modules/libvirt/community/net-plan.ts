import type { JsonObject } from '../../../core/events/json.ts'
import type { Libvirt, LibvirtReader, NetworkSummary } from '../../../core/libvirt/types.ts'
import { diffXml } from '../../../core/libvirt/xml/diff.ts'
import { child, childrenOf, formatXml, parseXml } from '../../../core/libvirt/xml/element.ts'
import { ModuleFailure } from '../../../core/module/types.ts'
import { parseDeclared } from '../daemon/changes.ts'
import { attempt } from '../daemon/failure.ts'
import { allDomains } from '../storage/users.ts'
import { type Deed, required, yesNo } from './deed.ts'
import { declaredXml, withIdentity, wouldChange } from './definition.ts'
import type { NetArgs } from './net-args.ts'

type Action = (libvirt: Libvirt) => Promise<void>

export async function planNet(libvirt: LibvirtReader, a: NetArgs): Promise<Deed> {
  const networks = await libvirt.networks()
  if (a.command === 'list_nets') return { answer: { list_nets: networks.map((one) => one.name) } }
  if (a.command === 'info') return { answer: { networks: await describe(libvirt, networks) } }
  if (a.command === 'facts')
    return { answer: { ansible_facts: { ansible_libvirt_networks: await describe(libvirt, networks) } } }
  if (a.command === 'define') return define(libvirt, a)
  const name = required(a.name, a.command ?? 'state')
  const found = networks.find((one) => one.name === name)
  const deed = (what: string, answer: JsonObject, actions: readonly (Action | undefined)[]): Deed => {
    const due = actions.filter((action) => action !== undefined)
    const act: Deed['act'] = async (host) => {
      for (const action of due) await attempt(`${what} network '${name}'`, () => action(host.libvirt))
      return undefined
    }
    return { answer: due.length > 0 || answer.msg === undefined ? answer : {}, act: due.length > 0 ? act : undefined }
  }
  const stop = async (): Promise<Action | undefined> => {
    if (!found?.active) return undefined
    await refuseGuests(libvirt, a, name)
    return (writer) => writer.destroyNetwork(name)
  }
  const remove = async (): Promise<(Action | undefined)[]> =>
    found ? [await stop(), ...(found.persistent ? [(writer: Libvirt) => writer.undefineNetwork(name)] : [])] : []
  if (a.state === 'absent' || a.state === 'undefined') return deed('undefine', { msg: 0 }, await remove())
  if (a.command === 'undefine') return deed('undefine', { undefine: null }, await remove())
  if (!found) {
    if (a.state === 'present') return presentFrom(libvirt, a, name)
    throw new ModuleFailure(`network ${name} not found`)
  }
  const start: Action | undefined = found.active ? undefined : (writer) => writer.startNetwork(name)
  const wanted = a.autostart
  const autostart: Action | undefined =
    wanted === undefined || wanted === found.autostart
      ? undefined
      : (writer) => writer.setAutostart('network', name, wanted)
  switch (a.command) {
    case 'status':
      return { answer: { status: stateOf(found) } }
    case 'get_xml':
      return { answer: { get_xml: (await libvirt.networkXml(name)) ?? '' } }
    case 'modify':
      return modify(libvirt, a, found)
    case 'create':
    case 'start':
      return deed('start', { [a.command]: null }, [start])
    case 'stop':
    case 'destroy':
      return deed('stop', { [a.command]: null }, [await stop()])
    default: {
      const state = a.state === 'active' ? start : a.state === 'inactive' ? await stop() : undefined
      return deed(a.state ?? 'autostart', { msg: 0 }, [state, autostart])
    }
  }
}

const stateOf = (one: NetworkSummary): 'active' | 'inactive' => (one.active ? 'active' : 'inactive')

async function presentFrom(libvirt: LibvirtReader, a: NetArgs, name: string): Promise<Deed> {
  if (a.xml === undefined) throw new ModuleFailure(`network '${name}' not present, but xml not specified`)
  return define(libvirt, a)
}

async function define(libvirt: LibvirtReader, a: NetArgs): Promise<Deed> {
  const { xml, name } = declaredXml(a.xml, 'network', a.name)
  const text = await libvirt.networkXml(name, { inactive: true })
  const actual = text === undefined ? undefined : parseXml(text)
  if (actual && !wouldChange(xml, actual)) return { answer: {} }
  return {
    answer: actual ? {} : { created: name },
    act: async (host) => {
      await attempt(`define network '${name}'`, () => host.libvirt.defineNetwork(formatXml(withIdentity(xml, actual))))
      return undefined
    },
  }
}

/** Guests on a network that stops are cut off, and stay so when it starts again. */
async function refuseGuests(libvirt: LibvirtReader, a: NetArgs, name: string): Promise<void> {
  if (a.allow_disruption) return
  const guests = (await allDomains(libvirt)).filter(
    (one) => one.running && one.model.nics.some((nic) => nic.type === 'network' && nic.source === name),
  )
  if (guests.length === 0) return
  throw new ModuleFailure(
    `guests are connected to network '${name}': ${guests.map((one) => one.model.name).join(', ')}`,
    {
      hint: 'allow_disruption: true cuts them off',
    },
  )
}

/** Only DHCP hosts can be modified, as with Ansible. */
async function modify(libvirt: LibvirtReader, a: NetArgs, found: NetworkSummary): Promise<Deed> {
  const host = parseDeclared(a.xml ?? '', 'xml')
  const { mac } = host.attributes
  if (host.name !== 'host' || mac === undefined)
    throw new ModuleFailure('modify takes a <host> with a mac only', { hint: 'libvirt_network changes anything else' })
  const text = await libvirt.networkXml(found.name, { inactive: found.persistent })
  const hosts = childrenOf(text === undefined ? undefined : parseXml(text), 'ip').flatMap((ip) =>
    childrenOf(child(ip, 'dhcp'), 'host'),
  )
  const known = hosts.find((one) => one.attributes.mac?.toLowerCase() === mac.toLowerCase())
  const answer = { modified: found.name }
  if (known && diffXml(host, known).length === 0) return { answer }
  return {
    answer,
    act: async ({ libvirt: writer }) => {
      await attempt(`modify network '${found.name}'`, () =>
        writer.updateNetwork(found.name, {
          command: known ? 'modify' : 'add-last',
          section: 'ip-dhcp-host',
          xml: formatXml(host),
          live: found.active,
          config: found.persistent,
        }),
      )
      return undefined
    },
  }
}

async function describe(libvirt: LibvirtReader, networks: readonly NetworkSummary[]): Promise<JsonObject> {
  const all = await Promise.all(
    networks.map(async (one) => {
      const [text, leases] = await Promise.all([
        libvirt.networkXml(one.name),
        one.active ? libvirt.leases(one.name) : [],
      ])
      const xml = text === undefined ? undefined : parseXml(text)
      const forward = child(xml, 'forward')
      const info: JsonObject = {
        autostart: yesNo(one.autostart),
        persistent: yesNo(one.persistent),
        state: stateOf(one),
        uuid: one.uuid,
        bridge: child(xml, 'bridge')?.attributes.name,
        macaddress: child(xml, 'mac')?.attributes.address,
        forward_mode: forward && (forward.attributes.mode ?? 'nat'),
        domain: child(xml, 'domain')?.attributes.name,
        dhcp_leases: leases.map(({ mac, address, hostname, expiry }) => ({
          mac,
          ipaddr: address,
          hostname: hostname ?? null,
          expirytime: expiry,
        })),
      }
      return [one.name, Object.fromEntries(Object.entries(info).filter(([, value]) => value !== undefined))] as const
    }),
  )
  return Object.fromEntries(all)
}
