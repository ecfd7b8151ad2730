import { type ShellText, sh } from '../../../core/connection/quote.ts'
import type { NetworkBackend } from './backend.ts'
import { type BridgeSpec, forwardDelay } from './spec.ts'

// The first file in the order of names wins, so ours come before what an installer wrote.
const base = (spec: BridgeSpec): string => `/etc/systemd/network/05-virtfleet-${spec.name}`
const portFile = (spec: BridgeSpec): string => `${base(spec)}-ports.network`
const HEAD = '# Managed by virtfleet: module bridge.\n'

/** systemd-networkd: one file for the device, one for its addresses, one for its ports. */
export const networkd: NetworkBackend = {
  name: 'networkd',
  mode: '0644',
  inputs: (spec) => [`${base(spec)}.netdev`, `${base(spec)}.network`, portFile(spec)],
  files(spec) {
    if (spec.state === 'absent') return new Map(this.inputs(spec).map((path) => [path, undefined]))
    return new Map<string, string | undefined>([
      [`${base(spec)}.netdev`, device(spec)],
      [`${base(spec)}.network`, network(spec)],
      [
        portFile(spec),
        spec.ports.length === 0
          ? undefined
          : `${HEAD}[Match]\nName=${spec.ports.join(' ')}\n${link(spec)}\n[Network]\nBridge=${spec.name}\n`,
      ],
    ])
  },
  release: () => sh`:`,
  // networkd forgets the old files before ports leave the bridge, and the bridge goes last: a port whose master vanishes while
  // networkd still wants it there ends as failed, and stays without its address.
  activate: ({ bridge, gone, ports, free }) =>
    sh`systemctl is-active -q systemd-networkd || systemctl enable --now systemd-networkd
networkctl reload
for i in ${free}; do ip link set dev "$i" nomaster; done
for i in ${[...(bridge === undefined ? [] : [bridge]), ...ports]}; do networkctl reconfigure "$i" 2>/dev/null || :; done
${gone === undefined ? sh`:` : sh`ip link del dev ${gone} 2>/dev/null || :`}
${configured(free)}`,
}

/**
 * Waits a while for networkd to have given these their addresses, and has it try again where it failed. It may be configuring
 * for long, as where no router answers, with all addresses in place: to begin anew would only take them away again.
 */
export function configured(interfaces: readonly string[]): ShellText {
  return sh`ready() {
  case $(networkctl -n 0 --no-legend list "$1" 2>/dev/null) in
    *failed*) [ $((n % 10)) = 9 ] && networkctl reconfigure "$1"; return 1 ;;
    *configuring*) ip -o addr show dev "$1" scope global | grep -q . && return
      [ $((n % 50)) = 49 ] && networkctl reconfigure "$1"; return 1 ;;
    '' | *pending*) return 1 ;;
  esac
}
for i in ${interfaces}; do n=0; until ready "$i" || [ $n -ge 150 ]; do n=$((n + 1)); sleep 0.2; done; done`
}

function device(spec: BridgeSpec): string {
  const lines = ['[NetDev]', `Name=${spec.name}`, 'Kind=bridge']
  // Its port's own, as every other backend has it: neighbours would go on sending to the old one for a minute.
  lines.push(`MACAddress=${spec.mac ?? 'none'}`)
  if (spec.mtu !== undefined) lines.push(`MTUBytes=${spec.mtu}`)
  lines.push('', '[Bridge]', `STP=${spec.stp ? 'yes' : 'no'}`, `ForwardDelaySec=${forwardDelay(spec)}`)
  return `${HEAD}${lines.join('\n')}\n`
}

const link = (spec: BridgeSpec): string => (spec.mtu === undefined ? '' : `\n[Link]\nMTUBytes=${spec.mtu}\n`)

function network(spec: BridgeSpec): string {
  const lines = [
    '[Match]',
    `Name=${spec.name}`,
    link(spec),
    '[Network]',
    'ConfigureWithoutCarrier=yes',
    `DHCP=${spec.dhcp4 ? 'ipv4' : 'no'}`,
  ]
  for (const one of spec.addresses) lines.push(`Address=${one}`)
  if (spec.gateway4 !== undefined) lines.push(`Gateway=${spec.gateway4}`)
  for (const one of spec.nameservers) lines.push(`DNS=${one}`)
  return `${HEAD}${lines.join('\n')}\n`
}
