import { sh } from '../../../core/connection/quote.ts'
import { ModuleFailure, type Reader } from '../../../core/module/types.ts'
import type { NetworkBackend } from './backend.ts'
import type { NmFacts } from './networkmanager/facts.ts'
import type { BridgeSpec } from './spec.ts'

type Name = NetworkBackend['name']

/** What a host has to configure networks with, and what these say of the interfaces in question. */
export interface Configurators {
  /** The bridge, its ports and those it shall have; where there is none of them, the interface of the default route. */
  readonly interfaces: readonly string[]
  /** Backends that have a file of this bridge from an earlier run. */
  readonly made: readonly Name[]
  /** There are files of netplan, and the command. */
  readonly netplan: boolean
  readonly networkd: boolean
  /** Interfaces that networkd configures. */
  readonly networkdManages: readonly string[]
  readonly ifupdown: boolean
  /** Interfaces with a stanza in /etc/network/interfaces or what it includes by default. */
  readonly ifupdownStanzas: readonly string[]
  /** The scripts of the network service are there. */
  readonly ifcfg: boolean
  /** Interfaces with an ifcfg file. */
  readonly ifcfgFiles: readonly string[]
  /** Others that we do not know, and that run: wicked, ConnMan, dhcpcd. */
  readonly strangers: readonly string[]
}

/** Reads them in one round trip; nothing of it is believed but words that we know. */
export async function readConfigurators(host: Reader, spec: BridgeSpec): Promise<Configurators> {
  const { name } = spec
  const answer = await host.read(sh`set -- ${name} ${spec.ports}
for i in $(ls /sys/class/net/${name}/brif 2>/dev/null); do set -- "$@" "$i"; done
[ -e /sys/class/net/${name} ] || [ $# -gt 1 ] || set -- "$@" $(ip route show default 2>/dev/null | awk '{ for (n = 1; n < NF; n++) if ($n == "dev") { print $(n + 1); exit } }')
echo interfaces "$@"
[ -e /etc/NetworkManager/system-connections/virtfleet-${name}.nmconnection ] && echo made NetworkManager
[ -e /etc/netplan/90-virtfleet-${name}.yaml ] && echo made netplan
[ -e /etc/systemd/network/05-virtfleet-${name}.netdev ] && echo made networkd
[ -e /etc/network/interfaces.d/virtfleet-${name} ] && echo made ifupdown
grep -qs '^# Managed by virtfleet' /etc/sysconfig/network-scripts/ifcfg-${name} && echo made ifcfg
command -v netplan >/dev/null && ls /etc/netplan/*.yaml >/dev/null 2>&1 && echo netplan
systemctl is-active -q systemd-networkd 2>/dev/null && echo networkd && for i in "$@"; do
  [ ! -e "/sys/class/net/$i" ] || networkctl -n 0 --no-legend list "$i" 2>/dev/null
done | awk '$5 != "unmanaged" && $5 != "" { print "networkdManages", $2 }'
command -v ifup >/dev/null && [ -e /etc/network/interfaces ] && echo ifupdown
for i in "$@"; do
  grep -qsE "^[[:space:]]*iface[[:space:]]+$i([[:space:]]|$)" /etc/network/interfaces /etc/network/interfaces.d/* && echo ifupdownStanzas "$i"
  [ -e "/etc/sysconfig/network-scripts/ifcfg-$i" ] && echo ifcfgFiles "$i"
done
[ -e /etc/sysconfig/network-scripts/ifup-eth ] && echo ifcfg
for s in wickedd connman dhcpcd; do systemctl is-active -q $s 2>/dev/null && echo strangers $s; done
exit 0`)
  const said = answer.stdout
    .toString()
    .split('\n')
    .map((line) => line.split(' '))
  const words = (key: string): string[] => said.filter((row) => row[0] === key).flatMap((row) => row.slice(1))
  const has = (key: string): boolean => said.some((row) => row[0] === key)
  return {
    interfaces: words('interfaces'),
    made: words('made').filter((one): one is Name => (ORDER as readonly string[]).includes(one)),
    netplan: has('netplan'),
    networkd: has('networkd'),
    networkdManages: words('networkdManages'),
    ifupdown: has('ifupdown'),
    ifupdownStanzas: words('ifupdownStanzas'),
    ifcfg: has('ifcfg'),
    ifcfgFiles: words('ifcfgFiles'),
    strangers: words('strangers'),
  }
}

const ORDER = ['NetworkManager', 'netplan', 'networkd', 'ifupdown', 'ifcfg'] as const satisfies readonly Name[]

/**
 * What shall configure the bridge; ModuleFailure where nothing can. In this order, each step among those that are in force here:
 * what made this bridge in an earlier run; what has one of its interfaces in hand; what is there at all.
 */
export function chooseBackend(found: Configurators, nm: NmFacts): Name {
  const concerned = new Set(found.interfaces)
  const any = (names: readonly string[]): boolean => names.some((name) => concerned.has(name))
  const running = nm.devices.length > 0
  const managed = nm.devices.filter(({ state }) => state !== 'unmanaged' && !state.includes('external'))
  const inForce: Readonly<Record<Name, boolean>> = {
    NetworkManager: running,
    netplan: found.netplan,
    networkd: found.networkd,
    ifupdown: found.ifupdown,
    ifcfg: found.ifcfg,
  }
  const inHand: Readonly<Record<Name, boolean>> = {
    NetworkManager: any(managed.map(({ name }) => name)),
    netplan: found.netplan,
    networkd: any(found.networkdManages),
    ifupdown: any(found.ifupdownStanzas),
    ifcfg: any(found.ifcfgFiles),
  }
  const known = ORDER.filter((name) => inForce[name])
  const chosen =
    known.find((name) => found.made.includes(name)) ?? known.find((name) => inHand[name]) ?? left(known, nm, found)
  if (chosen !== undefined) return chosen
  const hint = 'NetworkManager, netplan, systemd-networkd, ifupdown and ifcfg files are known; name one with backend'
  if (running) {
    throw new ModuleFailure(
      `NetworkManager leaves ${found.interfaces.slice(1).join(', ') || found.interfaces.join(', ')} alone, and nothing else that we know configures it`,
      {
        hint: 'nmcli device set NAME managed yes, or name the backend',
      },
    )
  }
  const what =
    found.strangers.length > 0 ? `${found.strangers.join(', ')} configures` : 'nothing that we know configures'
  throw new ModuleFailure(`${what} the network of this host`, { hint })
}

/** Where nothing has the interfaces in hand: NetworkManager only if it may take them. */
function left(known: readonly Name[], nm: NmFacts, found: Configurators): Name | undefined {
  const refused = new Set(nm.devices.filter(({ state }) => state === 'unmanaged').map(({ name }) => name))
  return known.find((name) => name !== 'NetworkManager' || !found.interfaces.some((one) => refused.has(one)))
}
