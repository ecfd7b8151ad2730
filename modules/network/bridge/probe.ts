import { sh } from '../../../core/connection/quote.ts'
import { ModuleFailure, type Reader } from '../../../core/module/types.ts'
import type { ConfigFiles, NetworkBackend } from './backend.ts'
import { readConfigFiles } from './config-files.ts'
import { ifupdown } from './ifupdown.ts'
import { netplan } from './netplan.ts'
import { networkd } from './networkd.ts'
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

const BACKENDS = { networkd, netplan, ifupdown }

/** Everything in one round trip: what configures the network, the files of all that could, and what the kernel has. */
export async function probeBridge(host: Reader, spec: BridgeSpec): Promise<BridgeState> {
  const possible = spec.backend === 'auto' ? Object.values(BACKENDS) : [BACKENDS[spec.backend]]
  const [backend, found, links, routes] = await Promise.all([
    spec.backend === 'auto' ? chooseBackend(host) : BACKENDS[spec.backend],
    readConfigFiles(
      host,
      possible.flatMap((one) => one.inputs(spec)),
    ),
    host.read(sh`exec ip -j -d addr`),
    host.read(sh`exec ip -j -4 route show default`),
  ])
  const more = backend.name === 'netplan' ? found.paths.filter((path) => path.startsWith('/etc/netplan/')) : []
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

async function chooseBackend(host: Reader): Promise<NetworkBackend> {
  const answer = await host.read(sh`set -- /etc/netplan/*.yaml
command -v netplan >/dev/null && [ -e "$1" ] && { echo netplan; exit; }
case $(systemctl is-active NetworkManager systemd-networkd 2>/dev/null) in
  active*) echo NetworkManager; exit ;;
  *[!n]active) echo networkd; exit ;;
esac
command -v ifup >/dev/null && [ -e /etc/network/interfaces ] && { echo ifupdown; exit; }
exit 0`)
  const name = answer.stdout.toString().trim()
  if (name === 'netplan' || name === 'networkd' || name === 'ifupdown') return BACKENDS[name]
  const what = name === '' ? 'nothing that we know configures' : `${name} configures`
  throw new ModuleFailure(`${what} the network of this host`, {
    hint: 'systemd-networkd, netplan and ifupdown are known; name one with backend',
  })
}
