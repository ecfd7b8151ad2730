import { sh } from '../../../core/connection/quote.ts'
import type { NetworkBackend } from './backend.ts'
import { release, setAside } from './netplan-ports.ts'
import { configured } from './networkd.ts'
import { type BridgeSpec, forwardDelay } from './spec.ts'

const file = (spec: BridgeSpec): string => `/etc/netplan/90-virtfleet-${spec.name}.yaml`

/** netplan: one file of ours; as files are merged by key, a port's own addresses elsewhere are set aside. */
export const netplan: NetworkBackend = {
  name: 'netplan',
  mode: '0600',
  reads: '/etc/netplan/',
  inputs: (spec) => [file(spec)],
  files(spec, current) {
    const present = spec.state === 'present'
    const others = [...current].filter(([path]) => path !== file(spec) && path.startsWith('/etc/netplan/'))
    return new Map([
      ...others.map(([path, text]): [string, string | undefined] => {
        const restored = text === undefined ? undefined : release(text, spec.name)
        return [path, restored === undefined || !present ? restored : setAside(restored, path, spec.ports, spec.name)]
      }),
      [file(spec), present ? document(spec) : undefined],
    ])
  },
  release: () => sh`:`,
  // In networkd's order: it forgets the old files before ports leave the bridge, and the bridge goes last.
  activate: ({ gone, free }) =>
    sh`netplan generate
networkctl reload 2>/dev/null || :
for i in ${free}; do ip link set dev "$i" nomaster; done
netplan apply
${gone === undefined ? sh`:` : sh`ip link del dev ${gone} 2>/dev/null || :`}
if systemctl is-active -q systemd-networkd; then
${configured(free)}
fi`,
}

// JSON is YAML, and quotes everything that needs it.
function document(spec: BridgeSpec): string {
  const bridge = {
    interfaces: spec.ports,
    dhcp4: spec.dhcp4,
    ...(spec.addresses.length > 0 && { addresses: spec.addresses }),
    ...(spec.gateway4 !== undefined && { routes: [{ to: 'default', via: spec.gateway4 }] }),
    ...(spec.nameservers.length > 0 && { nameservers: { addresses: spec.nameservers } }),
    ...(spec.mtu !== undefined && { mtu: spec.mtu }),
    ...(spec.mac !== undefined && { macaddress: spec.mac }),
    parameters: { stp: spec.stp, 'forward-delay': forwardDelay(spec) },
  }
  const lines = ['# Managed by virtfleet: module bridge.', 'network:', '  version: 2']
  if (spec.ports.length > 0) {
    lines.push(
      '  ethernets:',
      ...spec.ports.flatMap((port) => [
        `    ${port}:`,
        '      dhcp4: false',
        '      dhcp6: false',
        ...(spec.mtu === undefined ? [] : [`      mtu: ${spec.mtu}`]),
      ]),
    )
  }
  lines.push(
    '  bridges:',
    `    ${spec.name}:`,
    ...Object.entries(bridge).map(([key, value]) => `      ${key}: ${JSON.stringify(value)}`),
  )
  return `${lines.join('\n')}\n`
}
