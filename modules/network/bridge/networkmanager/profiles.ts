import { uuid5 } from '../../../../core/libvirt/identity/uuid.ts'
import { ModuleFailure } from '../../../../core/module/types.ts'
import { type BridgeSpec, forwardDelay } from '../spec.ts'
import { withMtu } from './keyfile.ts'

const FOLDER = '/etc/NetworkManager/system-connections'
/** Where profiles that became a port's in place are kept as they were; NetworkManager would read them beside its own. */
const ASIDE = '/var/lib/virtfleet/network-aside'
/** Fixed for ever: every profile's UUID depends on it. */
const NAMESPACE = '0b7c2f4e-9d3a-5e61-8c52-7f1e6a4d3b90'

const HEAD = '# Managed by virtfleet: module bridge.'
/** Above every other profile of the same interface, at a boot too. */
const PRIORITY = 'autoconnect-priority=999'

export const bridgeFile = (bridge: string): string => `${FOLDER}/virtfleet-${bridge}.nmconnection`
/** No name of an interface has a plus sign, so no bridge's file is a port's. */
const portStem = (bridge: string): string => `${FOLDER}/virtfleet-${bridge}+`
const asideStem = (bridge: string): string => `${ASIDE}/${bridge}+`
export const portFile = (bridge: string, port: string): string => `${portStem(bridge)}${port}.nmconnection`
export const asideFile = (bridge: string, port: string): string => `${asideStem(bridge)}${port}`

/** The port that `portFile` made this path for; undefined for any other path. */
export const portOfFile = (bridge: string, path: string): string | undefined =>
  path.startsWith(portStem(bridge)) ? path.slice(portStem(bridge).length).replace(/\.nmconnection$/, '') : undefined

/** The port that `asideFile` made this path for; undefined for any other path. */
export const portOfAside = (bridge: string, path: string): string | undefined =>
  path.startsWith(asideStem(bridge)) ? path.slice(asideStem(bridge).length) : undefined

export const bridgeUuid = (bridge: string): string => uuid5(NAMESPACE, bridge)
export const portUuid = (bridge: string, port: string): string => uuid5(NAMESPACE, `${bridge}+${port}`)

/** The bridge's own profile. ModuleFailure for what no profile can say. */
export function bridgeProfile(spec: BridgeSpec): string {
  const link = [
    ...(spec.mtu === undefined ? [] : [`mtu=${spec.mtu}`]),
    ...(spec.mac === undefined ? [] : [`cloned-mac-address=${spec.mac}`]),
  ]
  const lines = [
    HEAD,
    '[connection]',
    `id=virtfleet-${spec.name}`,
    `uuid=${bridgeUuid(spec.name)}`,
    'type=bridge',
    `interface-name=${spec.name}`,
    PRIORITY,
    'autoconnect-slaves=1',
    '',
    '[bridge]',
    `stp=${spec.stp}`,
    `forward-delay=${forwardDelay(spec)}`,
    ...(link.length === 0 ? [] : ['', '[ethernet]', ...link]),
    '',
    ...ipv4(spec),
    '',
    ...ipv6(spec),
  ]
  return `${lines.join('\n')}\n`
}

function ipv4(spec: BridgeSpec): string[] {
  const addresses = spec.addresses.filter((one) => !one.includes(':'))
  if (spec.gateway4 !== undefined && addresses.length === 0) {
    throw new ModuleFailure('NetworkManager takes gateway4 only beside an IPv4 address', {
      hint: 'give the bridge an address, or dhcp4: true instead of gateway4',
    })
  }
  const servers = spec.nameservers.filter((one) => !one.includes(':'))
  const method = spec.dhcp4 ? 'auto' : addresses.length > 0 ? 'manual' : 'disabled'
  return [
    '[ipv4]',
    `method=${method}`,
    ...addresses.map((one, i) => `address${i + 1}=${one}`),
    ...(spec.gateway4 === undefined ? [] : [`gateway=${spec.gateway4}`]),
    ...(servers.length === 0 || method === 'disabled' ? [] : [`dns=${servers.join(';')};`]),
  ]
}

/**
 * Routers are heard beside IPv4, as with every other backend. A profile with nothing but what routers say fails where none
 * answers, and takes the bridge along: without IPv4 the addresses stand alone, and without any the kernel is left to itself.
 */
function ipv6(spec: BridgeSpec): string[] {
  const addresses = spec.addresses.filter((one) => one.includes(':'))
  const servers = spec.nameservers.filter((one) => one.includes(':'))
  const method =
    spec.dhcp4 || addresses.length < spec.addresses.length ? 'auto' : addresses.length > 0 ? 'manual' : 'ignore'
  return [
    '[ipv6]',
    `method=${method}`,
    ...addresses.map((one, i) => `address${i + 1}=${one}`),
    ...(servers.length === 0 || method === 'ignore' ? [] : [`dns=${servers.join(';')};`]),
  ]
}

/** A network card's profile as a port: `link` is what its own profile says of the card itself, in sections. */
export function portProfile(spec: BridgeSpec, port: string, link: string): string {
  const lines = [
    HEAD,
    '[connection]',
    `id=virtfleet-${spec.name}+${port}`,
    `uuid=${portUuid(spec.name, port)}`,
    'type=ethernet',
    `interface-name=${port}`,
    `master=${bridgeUuid(spec.name)}`,
    'slave-type=bridge',
    PRIORITY,
  ]
  const card = withMtu(link, spec.mtu).trimEnd()
  return `${lines.join('\n')}\n${card === '' ? '' : `\n${card}\n`}`
}
