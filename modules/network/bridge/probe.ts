import { sh } from '../../../core/connection/quote.ts'
import { ModuleFailure, type Reader } from '../../../core/module/types.ts'
import type { ConfigFiles, NetworkBackend } from './backend.ts'
import { readConfigFiles } from './config-files.ts'
import { chooseBackend, readConfigurators } from './detect.ts'
import { ifcfg } from './ifcfg/backend.ts'
import { ifupdown } from './ifupdown.ts'
import { netplan } from './netplan.ts'
import { networkd } from './networkd.ts'
import { networkManager } from './networkmanager/backend.ts'
import { noNetworkManager, readNetworkManager } from './networkmanager/facts.ts'
import type { BridgeSpec } from './spec.ts'

interface Link {
  ifname: string
  mtu: number
  address?: string
  master?: string
  flags?: string[]
  linkinfo?: { info_kind?: string; info_data?: { stp_state?: number; forward_delay?: number } }
  addr_info?: { local?: string; prefixlen: number; scope: string; dynamic?: boolean }[]
}

/** Those that need nothing but files. */
const FILES: readonly NetworkBackend[] = [netplan, networkd, ifupdown, ifcfg]

export interface BridgeState {
  readonly backend: NetworkBackend
  readonly files: ConfigFiles
  readonly link: Link | undefined
  readonly ports: readonly string[]
  /** Ports that belong to guests: taps. */
  readonly guestPorts: readonly string[]
  readonly addresses: readonly string[]
  /** Addresses that its ports have themselves, which no port should. */
  readonly portAddresses: readonly { port: string; address: string }[]
  /** What each interface of the host belongs to, if it does. */
  readonly masters: ReadonlyMap<string, string | undefined>
  /** Every interface of the host, for telling what can be a port. */
  readonly names: readonly string[]
  readonly gateway: string | undefined
}

/** Everything in one round trip: what configures the network, the files of all that could, and what the kernel has. */
export async function probeBridge(host: Reader, spec: BridgeSpec): Promise<BridgeState> {
  const possible = spec.backend === 'auto' ? FILES : FILES.filter(({ name }) => name === spec.backend)
  const [configurators, nm, common, links, routes] = await Promise.all([
    spec.backend === 'auto' ? readConfigurators(host, spec) : undefined,
    spec.backend === 'auto' || spec.backend === 'NetworkManager' ? readNetworkManager(host, spec) : noNetworkManager,
    readConfigFiles(
      host,
      possible.flatMap((one) => one.inputs(spec)),
    ),
    host.read(sh`exec ip -j -d addr`),
    host.read(sh`exec ip -j -4 route show default`),
  ])
  const name = spec.backend === 'auto' ? chooseBackend(configurators!, nm) : spec.backend
  const backend = name === 'NetworkManager' ? networkManager(nm) : FILES.find((one) => one.name === name)!
  const found = name === 'NetworkManager' ? nm.files : common
  const { reads } = backend
  const more = reads === undefined ? [] : found.paths.filter((path) => path.startsWith(reads))
  const files = new Map([...more, ...backend.inputs(spec)].map((path) => [path, found.text(path)]))
  const all = json<Link>(links.stdout, 'ip addr')
  const link = all.find((one) => one.ifname === spec.name)
  const ports = all.filter((one) => one.master === spec.name)
  const isTap = (one: Link): boolean => one.linkinfo?.info_kind === 'tun' || /^(vnet|tap|vif)\d/.test(one.ifname)
  return {
    backend,
    files,
    link,
    ports: ports.filter((one) => !isTap(one)).map((one) => one.ifname),
    guestPorts: ports.filter(isTap).map((one) => one.ifname),
    addresses: link ? globalAddresses(link) : [],
    portAddresses: ports.flatMap((port) => globalAddresses(port).map((address) => ({ port: port.ifname, address }))),
    masters: new Map(all.map((one) => [one.ifname, one.master])),
    names: all.map((one) => one.ifname),
    gateway: json<{ gateway?: string; dev?: string }>(routes.stdout, 'ip route').find((one) => one.dev === spec.name)
      ?.gateway,
  }
}

const globalAddresses = (link: Link): string[] =>
  (link.addr_info ?? []).filter((one) => one.scope === 'global').map((one) => `${one.local}/${one.prefixlen}`)

function json<T>(output: Buffer, what: string): T[] {
  try {
    const text = output.toString().trim()
    return text === '' ? [] : (JSON.parse(text) as T[])
  } catch {
    throw new ModuleFailure(`cannot understand the answer of ${what}`, { hint: 'iproute2 4.14 or newer is needed' })
  }
}
