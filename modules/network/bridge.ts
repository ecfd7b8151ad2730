import { type ShellText, sh } from '../../core/connection/quote.ts'
import { defineState } from '../../core/module/define.ts'
import { type Change, ModuleFailure } from '../../core/module/types.ts'
import { applyGuarded } from './bridge/guard.ts'
import { type BridgeState, probeBridge } from './bridge/probe.ts'
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
    const taps = spec.state === 'present' ? state.guestPorts : []
    await applyGuarded(host, {
      files: state.backend.files(spec, state.files),
      mode: state.backend.mode,
      before: state.backend.before(spec),
      activate: state.backend.activate(spec),
      settle: spec.state === 'present' ? settle(spec, taps) : sh`:`,
      restore: restore(state, spec),
      seconds: spec.timeout,
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

function fileChanges(state: BridgeState, spec: BridgeSpec): Change[] {
  return [...state.backend.files(spec, state.files)].flatMap(([path, after]): Change[] => {
    const before = state.files.get(path)
    if (before === after) return []
    return [{ path, effect: 'now', text: { header: path, before: before ?? '', after: after ?? '' } }]
  })
}

function liveChanges(state: BridgeState, spec: BridgeSpec): Change[] {
  const { name } = spec
  if (spec.state === 'absent') return state.link ? [{ path: name, before: 'bridge', effect: 'now' }] : []
  if (state.link && state.link.linkinfo?.info_kind !== 'bridge') {
    throw new ModuleFailure(
      `${name} exists and is no bridge, but ${state.link.linkinfo?.info_kind ?? 'a network card'}`,
    )
  }
  const unknown = spec.ports.filter((port) => !state.names.includes(port))
  if (unknown.length > 0) {
    throw new ModuleFailure(`the host has no interface ${unknown.join(', ')}`, {
      hint: `it has ${state.names.filter((one) => one !== 'lo').join(', ')}`,
    })
  }
  if (!state.link) return [{ path: name, after: 'bridge', effect: 'now' }]
  const changes: Change[] = []
  const compare = (path: string, before: string | number, after: string | number | undefined): void => {
    if (after !== undefined && before !== after) changes.push({ path: `${name} ${path}`, before, after, effect: 'now' })
  }
  const data = state.link.linkinfo?.info_data
  compare('stp', data?.stp_state ?? 0, spec.stp ? 1 : 0)
  // The kernel counts in hundredths of a second; without spanning tree nobody waits.
  if (spec.stp) compare('forward delay', (data?.forward_delay ?? 0) / 100, forwardDelay(spec))
  compare('mtu', state.link.mtu, spec.mtu)
  compare('mac', state.link.address ?? '', spec.mac?.toLowerCase())
  if (!state.link.flags?.includes('UP')) compare('link', 'down', 'up')
  for (const port of spec.ports)
    if (!state.ports.includes(port)) changes.push({ path: `${name} port ${port}`, after: 'attached', effect: 'now' })
  for (const port of state.ports) {
    if (!spec.ports.includes(port)) changes.push({ path: `${name} port ${port}`, before: 'attached', effect: 'now' })
  }
  for (const one of spec.addresses)
    if (!state.addresses.includes(one)) changes.push({ path: `${name} address`, after: one, effect: 'now' })
  if (spec.gateway4 !== undefined && state.gateway !== spec.gateway4) {
    changes.push({
      path: `${name} gateway`,
      ...(state.gateway !== undefined && { before: state.gateway }),
      after: spec.gateway4,
      effect: 'now',
    })
  }
  return changes
}

/** What every backend leaves to be waited for or made whole: the link, its ports, its addresses, the ports of guests. */
function settle(spec: BridgeSpec, taps: readonly string[]): ShellText {
  const { name } = spec
  const four = spec.addresses
  return sh`n=0; until ip link show dev ${name} >/dev/null 2>&1; do n=$((n + 1)); [ $n -gt 75 ] && { echo ${`${name} did not appear`} >&2; exit 1; }; sleep 0.2; done
ip link set dev ${name} type bridge stp_state ${spec.stp ? 1 : 0} forward_delay ${forwardDelay(spec) * 100}
${spec.mac === undefined ? sh`:` : sh`ip link set dev ${name} address ${spec.mac}`}
for i in ${spec.ports}; do ip link set dev "$i" up master ${name}; done
for i in $(ls /sys/class/net/${name}/brif); do case " "${[...spec.ports, ...taps].join(' ')}" " in *" $i "*) ;; *) ip link set dev "$i" nomaster;; esac; done
for i in ${taps}; do ip link set dev "$i" master ${name} 2>/dev/null || :; done
${spec.mtu === undefined ? sh`:` : sh`ip link set dev ${name} mtu ${spec.mtu}`}
ip link set dev ${name} up
for a in ${four}; do
  n=0; until ip -o addr show dev ${name} | grep -qF " $a "; do n=$((n + 1)); [ $n -gt 25 ] && { ip addr replace "$a" dev ${name}; break; }; sleep 0.2; done
done
${spec.gateway4 === undefined ? sh`:` : sh`n=0; until ip -4 route show default dev ${name} | grep -qF ${spec.gateway4}; do n=$((n + 1)); [ $n -gt 25 ] && { ip route replace default via ${spec.gateway4} dev ${name}; break; }; sleep 0.2; done`}
${spec.dhcp4 ? sh`n=0; until ip -4 -o addr show dev ${name} scope global | grep -q inet; do n=$((n + 1)); [ $n -gt 150 ] && { echo ${`${name} got no address by DHCP`} >&2; exit 1; }; sleep 0.2; done` : sh`:`}`
}

/** After the old files are back. A bridge that we made goes; one that was there keeps its guests. */
function restore(state: BridgeState, spec: BridgeSpec): ShellText {
  const back: BridgeSpec = {
    ...spec,
    state: state.link ? 'present' : 'absent',
    ports: state.link ? [...state.ports] : spec.ports,
  }
  return sh`${state.backend.before({ ...spec, state: 'present' })}
${state.link ? sh`:` : sh`ip link del dev ${spec.name} 2>/dev/null || :`}
${state.backend.activate(back)}
for i in ${state.guestPorts}; do ip link set dev "$i" master ${spec.name} 2>/dev/null || :; done`
}
