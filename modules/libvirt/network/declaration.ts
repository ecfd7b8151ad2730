import type { z } from 'zod'
import { type Element, escapeXml } from '../../../core/libvirt/xml/element.ts'
import { macProblem } from '../../../core/libvirt/xml/lint.ts'
import { arg } from '../../../core/module/arg.ts'
import { ModuleFailure } from '../../../core/module/types.ts'
import { parseDeclared } from '../daemon/changes.ts'
import { addressOf } from './unwanted.ts'

const hostArgs = arg
  .object({
    mac: arg.str().optional().describe('MAC address of the guest.'),
    name: arg.str().optional().describe('Host name that DHCP gives.'),
    ip: arg.name().optional().describe('Address that DHCP gives.'),
    state: arg.choice('present', 'absent').default('present').describe('absent: found by mac, else name, else ip.'),
  })
  .refine((host) => host.state === 'absent' || host.ip !== undefined, { message: 'a host needs an ip' })

const dnsHostArgs = arg
  .object({
    ip: arg.name().describe('Address that the names are of.'),
    names: arg.list(arg.name()).default([]).describe('Names that the DNS of the network answers with it.'),
    state: arg.choice('present', 'absent').default('present'),
  })
  .refine((host) => host.state === 'absent' || host.names.length > 0, { message: 'a DNS entry needs names' })

/** Arguments of libvirt_network. */
export const networkArgs = arg.object({
  name: arg.name().describe('Name of the network.'),
  state: arg
    .choice('present', 'active', 'inactive', 'absent')
    .default('active')
    .describe('active: defined and running; present: defined, running or not.'),
  autostart: arg.bool().optional().describe('Start with the host. Default: as it is; true for a network that is made.'),
  mode: arg.choice('nat', 'route', 'isolated', 'bridge').optional().describe('How guests reach the outside.'),
  bridge: arg.str().optional().describe('Name of the bridge; for mode bridge, the bridge of the host to use.'),
  address: arg
    .str()
    .optional()
    .describe("The host's address on the network with its prefix, such as 192.168.100.1/24."),
  domain: arg.str().optional().describe('DNS domain of the guests.'),
  dhcp_start: arg.str().optional().describe('First address that DHCP gives.'),
  dhcp_end: arg.str().optional().describe('Last address that DHCP gives.'),
  hosts: arg.list(hostArgs).default([]).describe('Fixed DHCP addresses; others on the network stay.'),
  dns_hosts: arg
    .list(dnsHostArgs)
    .default([])
    .describe('Names that the DNS of the network knows besides those of DHCP; others stay.'),
  exact: arg
    .list(arg.choice('hosts', 'dns_hosts'))
    .default([])
    .describe('Lists that are complete: entries of these that are not declared are removed.'),
  dev: arg.str().optional().describe('Outgoing interface for nat and route; default any.'),
  xml: arg.str().optional().describe('The whole definition, instead of the arguments above.'),
  allow_disruption: arg.bool().default(false).describe('Restart the network although guests are connected to it.'),
})
export type NetworkArgs = z.output<typeof networkArgs>

/**
 * The definition a task declares; undefined where it declares none (a state only). Without a mode, entries are declared of the network
 * that is there. Raises ModuleFailure.
 */
export function declaredNetwork(args: NetworkArgs, there?: Element): Element | undefined {
  if (args.xml !== undefined) {
    const element = parseDeclared(args.xml, 'xml')
    if (element.name !== 'network') throw new ModuleFailure(`the xml is a <${element.name}>, not a <network>`)
    return element
  }
  if (args.mode === undefined) return there && declaresEntries(args) ? entries(args, there) : undefined
  if (args.mode === 'bridge') {
    if (args.bridge === undefined) throw new ModuleFailure('mode bridge needs the argument bridge')
    if (args.address !== undefined || declaresEntries(args))
      throw new ModuleFailure(
        'libvirt gives no addresses on a bridge of the host: address, dhcp_start, hosts and dns_hosts do not go with mode bridge',
      )
    return network(args.name, `<forward mode='bridge'/><bridge name='${escapeXml(args.bridge)}'/>`)
  }
  const dev = args.dev === undefined ? '' : ` dev='${escapeXml(args.dev)}'`
  const forward = args.mode === 'isolated' ? '' : `<forward mode='${args.mode}'${dev}/>`
  const bridge = args.bridge === undefined ? '' : `<bridge name='${escapeXml(args.bridge)}'/>`
  const domain = args.domain === undefined ? '' : `<domain name='${escapeXml(args.domain)}'/>`
  return network(args.name, `${forward}${bridge}${domain}${dns(args)}${ip(args)}`)
}

const declaresEntries = (args: NetworkArgs): boolean =>
  args.hosts.length + args.dns_hosts.length + args.exact.length > 0 || args.dhcp_start !== undefined

/** DHCP and DNS of a network that is there, on the address that it gives addresses on. */
function entries(args: NetworkArgs, there: Element): Element {
  const address = args.address === undefined ? addressOf(there)?.attributes : undefined
  if (address === undefined) return network(args.name, `${dns(args)}${ip(args)}`)
  const own = Object.entries(address).map(([name, value]) => ` ${name}='${escapeXml(value)}'`)
  const given = dhcp(args)
  return network(args.name, `${dns(args)}${given === '' ? '' : `<ip${own.join('')}>${given}</ip>`}`)
}

function dns({ dns_hosts: hosts }: NetworkArgs): string {
  const present = hosts.filter((host) => host.state === 'present')
  const names = (all: readonly string[]) => all.map((name) => `<hostname>${escapeXml(name)}</hostname>`).join('')
  const said = present.map((host) => `<host ip='${escapeXml(host.ip)}'>${names(host.names)}</host>`)
  return said.length === 0 ? '' : `<dns>${said.join('')}</dns>`
}

const network = (name: string, inner: string): Element =>
  parseDeclared(`<network><name>${escapeXml(name)}</name>${inner}</network>`, 'definition')

function ip(args: NetworkArgs): string {
  if (args.address === undefined) {
    if (args.dhcp_start !== undefined || args.hosts.some((host) => host.state === 'present'))
      throw new ModuleFailure('DHCP needs the argument address')
    return ''
  }
  const match = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(args.address)
  if (!match?.[1] || !match[2])
    throw new ModuleFailure(`address '${args.address}' must carry a prefix, such as 192.168.100.1/24`)
  const family = match[1].includes(':') ? 'ipv6' : 'ipv4'
  const mask = family === 'ipv4' ? `netmask='${netmask(Number(match[2]))}'` : `family='ipv6' prefix='${match[2]}'`
  return `<ip address='${match[1]}' ${mask}>${dhcp(args)}</ip>`
}

function dhcp(args: NetworkArgs): string {
  if ((args.dhcp_start === undefined) !== (args.dhcp_end === undefined))
    throw new ModuleFailure('dhcp_start and dhcp_end go together')
  const present = args.hosts.filter((host) => host.state === 'present')
  if (args.dhcp_start === undefined && present.length === 0) return ''
  const range =
    args.dhcp_start === undefined
      ? ''
      : `<range start='${escapeXml(args.dhcp_start)}' end='${escapeXml(args.dhcp_end ?? '')}'/>`
  const hosts = present.map(({ mac, name, ip: address = '' }) => {
    const problem = mac === undefined ? undefined : macProblem(mac)
    if (problem !== undefined) throw new ModuleFailure(problem)
    if (mac === undefined && name === undefined)
      throw new ModuleFailure(`the host with address ${address} needs a mac or a name`)
    const who = `${mac === undefined ? '' : ` mac='${mac}'`}${name === undefined ? '' : ` name='${escapeXml(name)}'`}`
    return `<host${who} ip='${escapeXml(address)}'/>`
  })
  return `<dhcp>${range}${hosts.join('')}</dhcp>`
}

/** libvirt keeps an IPv4 network's size as a mask. */
function netmask(prefix: number): string {
  if (prefix > 32) throw new ModuleFailure(`/${prefix} is no IPv4 prefix`)
  const bits = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.')
}
