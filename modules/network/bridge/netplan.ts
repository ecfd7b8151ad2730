import { sh } from '../../../core/connection/quote.ts'
import { mapGet, parseYaml, type YamlNode } from '../../../core/language/index.ts'
import { ModuleFailure } from '../../../core/module/types.ts'
import type { ConfigFiles, NetworkBackend } from './backend.ts'
import { type BridgeSpec, forwardDelay } from './spec.ts'

const file = (spec: BridgeSpec): string => `/etc/netplan/90-virtfleet-${spec.name}.yaml`

/** netplan: one file of ours; files are merged by key, so a port's own addresses elsewhere would stay. */
export const netplan: NetworkBackend = {
  name: 'netplan',
  mode: '0600',
  inputs: (spec) => [file(spec)],
  files(spec, current) {
    if (spec.state === 'absent') return new Map([[file(spec), undefined]])
    refuseAddressedPorts(spec, current)
    return new Map([[file(spec), document(spec)]])
  },
  before: () => sh`:`,
  activate: (spec) =>
    sh`${spec.state === 'absent' ? sh`ip link del dev ${spec.name} 2>/dev/null || :` : sh`:`}
netplan generate
netplan apply`,
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
      ...spec.ports.flatMap((port) => [`    ${port}:`, '      dhcp4: false', '      dhcp6: false']),
    )
  }
  lines.push(
    '  bridges:',
    `    ${spec.name}:`,
    ...Object.entries(bridge).map(([key, value]) => `      ${key}: ${JSON.stringify(value)}`),
  )
  return `${lines.join('\n')}\n`
}

/** Every other file of netplan's is looked through for addresses of the ports. */
function refuseAddressedPorts(spec: BridgeSpec, current: ConfigFiles): void {
  for (const [path, text] of current) {
    if (path === file(spec) || text === undefined || !path.startsWith('/etc/netplan/')) continue
    const devices = at(at(parseYaml(text, path).root, 'network'), 'ethernets')
    for (const port of spec.ports) {
      const device = at(devices, port)
      const found = ['addresses', 'gateway4', 'routes'].find((key) => at(device, key) !== undefined)
      if (found === undefined) continue
      throw new ModuleFailure(`${path} gives ${port} ${found}, and netplan would keep them beside the bridge`, {
        hint: `move them to the bridge: remove ${found} of ${port} there, and give them to this task`,
      })
    }
  }
}

function at(node: YamlNode | undefined, key: string): YamlNode | undefined {
  return node?.kind === 'mapping' ? mapGet(node, key)?.value : undefined
}
