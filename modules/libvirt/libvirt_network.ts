import { child } from '../../core/libvirt/xml/element.ts'
import { defineState } from '../../core/module/define.ts'
import { applyNetwork } from './network/apply.ts'
import { networkArgs } from './network/declaration.ts'
import { diffNetwork } from './network/diff.ts'
import { probeNetwork } from './network/probe.ts'

export default defineState({
  name: 'libvirt_network',
  summary: 'A libvirt network: defined, running, started with the host.',
  description:
    'The definition is compared by meaning, and only what the task declares. DHCP hosts and ranges, DNS entries and port groups change while the network runs; what needs a restart is refused while guests are connected, unless `allow_disruption`. Entries of lists stay unless they are `absent`, or the list is `exact`; without a mode they are declared of a network that is there.',
  args: networkArgs,
  returns: {
    name: 'Name of the network.',
    uuid: 'UUID of the network.',
    state: 'active, inactive or absent.',
    autostart: 'Whether it starts with the host.',
    bridge: 'Its bridge on the host.',
    connections: 'Number of guest interfaces on it.',
  },
  examples: `- name: A network with addresses by DHCP
  libvirt_network:
    name: guests
    mode: nat
    bridge: virbr10
    address: 192.168.100.1/24
    dhcp_start: 192.168.100.10
    dhcp_end: 192.168.100.200
    hosts:
      - {mac: "52:54:00:00:00:01", name: web1, ip: 192.168.100.11}
    autostart: true

- name: One more fixed address, one less, and a name, on the network that libvirt brings along
  libvirt_network:
    name: default
    hosts:
      - {mac: "52:54:00:00:00:02", name: web2, ip: 192.168.122.12}
      - {mac: "52:54:00:00:00:09", state: absent}
    dns_hosts:
      - {ip: 192.168.122.12, names: [web2.example.org, www.example.org]}

- name: Guests on a bridge of the host
  libvirt_network:
    name: lan
    mode: bridge
    bridge: br0
`,
  wakes: true,
  local: true,
  probe: probeNetwork,
  diff: diffNetwork,
  apply: applyNetwork,
  result(state, args) {
    const network = state.kind === 'answer' ? state.value : undefined
    const bridge = child(network?.live ?? network?.config, 'bridge')?.attributes.name
    return {
      name: args.name,
      state: network ? (network.active ? 'active' : 'inactive') : 'absent',
      ...(network ? { uuid: network.uuid, autostart: network.autostart, connections: network.connections } : {}),
      ...(bridge === undefined ? {} : { bridge }),
    }
  },
})
