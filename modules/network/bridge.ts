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
reaches the host over a new TCP connection within \`timeout\` seconds. It is refused while guests hang on the bridge.`,
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
    const changes = [...fileChanges(state, spec), ...liveChanges(state, spec)]
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
        bridge: present ? name : undefined,
        gone: present ? undefined : name,
        ports,
        free: freed(ports),
      }),
      settle: present ? settle(spec, state.guestPorts) : sh`:`,
      release: state.backend.release([name, ...involved]),
      restore: state.backend.activate({
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
