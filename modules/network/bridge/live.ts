import { type Change, ModuleFailure } from '../../../core/module/types.ts'
import type { BridgeState } from './probe.ts'
import { type BridgeSpec, forwardDelay } from './spec.ts'

/** Differences between what the kernel has and what the task declares. What cannot be a port is a ModuleFailure. */
export function liveChanges(state: BridgeState, spec: BridgeSpec): Change[] {
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
  for (const port of spec.ports) {
    const master = state.masters.get(port)
    if (master === undefined || master === name) continue
    throw new ModuleFailure(`${port} already belongs to ${master}`, { hint: `take it from ${master} first` })
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
  for (const one of state.portAddresses) {
    if (spec.ports.includes(one.port)) changes.push({ path: `${one.port} address`, before: one.address, effect: 'now' })
  }
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
