import { child, childrenOf, type Element } from '../../../core/libvirt/xml/element.ts'
import type { NetworkArgs } from './declaration.ts'
import { type Entry, entriesOf } from './entries.ts'

/** Entries of a network, as it is, that the arguments say must not be there. */
export function unwantedEntries(network: Element, declared: Element, args: NetworkArgs): Entry[] {
  if (args.xml !== undefined) return []
  const wanted = new Set(entriesOf(declared).map(({ path }) => path))
  const addresses = [...wanted].map((path) => path.split('.range[')[0])
  return entriesOf(network).filter(({ section, element, path }) => {
    if (section === 'ip-dhcp-host') return isUnwantedHost(element, args)
    if (section === 'dns-host') return isUnwantedName(element, args)
    // An address has one range where the task says which; one that begins where it does is changed.
    const isOther = !wanted.has(path) && addresses.includes(path.split('.range[')[0])
    return section === 'ip-dhcp-range' && args.dhcp_start !== undefined && isOther
  })
}

type HostArgs = NetworkArgs['hosts'][number]

/** The same guest by whatever the task calls it, or the same address. */
function isSame({ attributes }: Element, { mac, name, ip }: HostArgs): boolean {
  if (mac !== undefined) return attributes.mac?.toLowerCase() === mac.toLowerCase()
  return name !== undefined ? attributes.name === name : ip !== undefined && attributes.ip === ip
}

function isUnwantedHost(element: Element, args: NetworkArgs): boolean {
  const said = args.hosts.find((host) => isSame(element, host))
  return said ? said.state === 'absent' : args.exact.includes('hosts')
}

function isUnwantedName(element: Element, args: NetworkArgs): boolean {
  const said = args.dns_hosts.find((host) => host.ip === element.attributes.ip)
  return said ? said.state === 'absent' : args.exact.includes('dns_hosts')
}

/** Address of the network that addresses are given on. */
export const addressOf = (network: Element | undefined): Element | undefined => {
  const all = childrenOf(network, 'ip')
  return all.find((ip) => child(ip, 'dhcp') !== undefined) ?? all[0]
}
