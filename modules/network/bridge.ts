import { sh } from '../../core/connection/quote.ts'
import { defineState } from '../../core/module/define.ts'
import { type Change, ModuleFailure } from '../../core/module/types.ts'
import { applyGuarded } from './bridge/guard.ts'
import { liveChanges } from './bridge/live.ts'
import { type BridgeState, probeBridge } from './bridge/probe.ts'
import { settle } from './bridge/settle.ts'
import { type BridgeSpec, bridgeArgs, forwardDelay } from './bridge/spec.ts'

export default defineState({
  name: 'bridge',
  summary: 'Makes a Linux bridge, in the configuration of the host and in the kernel.',
  description: `The change is made under a dead-man's switch: a job on the host applies it and takes it back, unless this controller
reaches the host over a new TCP connection within \`timeout\` seconds. It is refused while guests hang on the bridge.

What configures it is, with \`backend: auto\`, among those that are in force on the host: what made this bridge in an earlier run; else what
has the bridge or one of its ports in hand, in the order NetworkManager, netplan, networkd, ifupdown, ifcfg; else the first that
is there at all. An interface that NetworkManager calls unmanaged or externally connected is not in its hand; ifcfg files that it
manages are. Without ports, the interface of the default route decides.

The configuration that a port has of its own is put out of force, not lost; with \`state: absent\` it is back. NetworkManager gets
a second profile for a network card, above the card's own; a bond, VLAN or the like becomes a port in its own profile. A bridge
that somebody else made is taken over; when it goes, so do their profiles and lines that would make it again.`,
  args: bridgeArgs,
  shielded: true,
  returns: { name: 'the bridge', backend: 'what configures it', ports: 'its ports', addresses: 'its addresses' },
  examples: `
- bridge:
    name: br0
    ports: [eno1]
    addresses: [192.0.2.11/24]
    gateway4: 192.0.2.1
    nameservers: [192.0.2.53]
`,
  probe: (host, spec) => probeBridge(host, spec),
  diff(state, spec) {
    const live = liveChanges(state, spec)
    const drift = spec.state === 'present' && live.length === 0 ? (state.backend.drift?.(spec) ?? []) : []
    const changes = [...fileChanges(state, spec), ...live, ...drift]
    const touched = changes.some((change) => change.effect === 'now')
    if (touched && state.guestPorts.length > 0 && !spec.allow_disruption) {
      throw new ModuleFailure(
        `${state.guestPorts.length} guest port(s) hang on ${spec.name}: ${state.guestPorts.join(', ')}`,
        {
          hint: 'move the guests away, or set allow_disruption: true',
          result: { would_change: changes.map((change) => change.path) },
        },
      )
    }
    return changes
  },
  async apply(host, spec, state) {
    const present = spec.state === 'present'
    const { name } = spec
    const known = new Set(state.names)
    const involved = [...new Set([...spec.ports, ...state.ports])].filter((one) => known.has(one))
    const freed = (ports: readonly string[]): string[] => involved.filter((one) => !ports.includes(one))
    const ports = present ? spec.ports : []
    const back = state.link ? name : undefined
    await applyGuarded(host, {
      files: changedFiles(state, spec),
      mode: state.backend.mode,
      interfaces: [name, ...involved, ...state.guestPorts],
      before: state.backend.release([name, ...involved]),
      activate: state.backend.activate({
        name,
        restore: false,
        bridge: present ? name : undefined,
        gone: present ? undefined : name,
        ports,
        free: freed(ports),
      }),
      settle: present ? settle(spec, state.guestPorts) : sh`:`,
      release: state.backend.release([name, ...involved]),
      restore: state.backend.activate({
        name,
        restore: true,
        bridge: back,
        gone: back === undefined ? name : undefined,
        ports: state.ports,
        free: freed(state.ports),
      }),
      // Ports of a spanning tree pass nothing on until they have listened and learned.
      seconds: spec.timeout + (present && spec.stp ? 2 * forwardDelay(spec) : 0),
      activationSeconds: spec.activation_timeout,
    })
    return undefined
  },
  result: (state, spec) => ({
    name: spec.name,
    state: spec.state,
    backend: state.backend.name,
    ports: [...state.ports],
    guest_ports: [...state.guestPorts],
    addresses: [...state.addresses],
  }),
  why: (_state, spec) => `${spec.name} is as declared`,
})

/** Files that have to change. */
function changedFiles(state: BridgeState, spec: BridgeSpec): Map<string, string | undefined> {
  return new Map([...state.backend.files(spec, state.files)].filter(([path, text]) => state.files.get(path) !== text))
}

function fileChanges(state: BridgeState, spec: BridgeSpec): Change[] {
  return [...changedFiles(state, spec)].map(([path, after]): Change => {
    const before = state.files.get(path)
    return { path, effect: 'now', text: { header: path, before: before ?? '', after: after ?? '' } }
  })
}
