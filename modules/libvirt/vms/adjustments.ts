import {
  type Change,
  type FleetChange,
  type FleetStates,
  type HostName,
  ModuleFailure,
} from '../../../core/module/types.ts'
import { hidden } from '../domain/passwords.ts'
import { planChanges } from '../domain/plan-changes.ts'
import type { VmsArgs } from './args.ts'
import { type Known, refuseForeignFiles, takenMacs } from './fleet.ts'
import { unmet } from './goal.ts'
import type { SeenVm, VmHost } from './probe.ts'
import { fleetChange, obstacle, refused } from './refusing.ts'
import type { WantedVm } from './wanted.ts'

/** VMs that are there and are to be different. */
export function adjustments(
  states: FleetStates<VmHost>,
  args: VmsArgs,
  vms: readonly WantedVm[],
  known: ReadonlyMap<string, Known>,
): FleetChange[] {
  const given = new Set<string>()
  return vms.flatMap((vm) => {
    const knowledge = known.get(vm.name)
    const { host, seen } = knowledge ?? {}
    if (knowledge === undefined || host === undefined || !seen) return []
    const refusal = obstacle(() => {
      refuseToResume(seen, args)
      refuseToShrink(vm, seen)
      refuseWithoutBase(seen, states, host)
      refuseTakenMacs(vm, seen, states, given)
      const seed = seen.seedDiffers && vm.seed !== undefined ? [vm.seed] : []
      const files = [...seen.missing.map(({ file }) => file), ...seed]
      if (files.length > 0) refuseForeignFiles(states, vm, knowledge, host, { disks: seen.missing, files })
    })
    if (refusal) return [refused(vm, host, args, refusal)]
    const changes = [
      ...newDisks(seen, states.answered.get(host)),
      ...(seen.plan ? planChanges(seen.plan, args.restart === 'if_needed' && args.state === 'running') : []),
      ...seen.replaced.map(keptImage),
      ...growth(vm, seen),
      ...power(vm, seen, knowledge, args),
    ]
    if (seen.seedDiffers)
      changes.push({
        path: 'seed',
        after: vm.seed ?? '',
        effect: 'now',
        note: 'cloud-init runs by it at the next boot, as on a new machine',
      })
    if (vm.autostart !== undefined && vm.autostart !== seen.autostart)
      changes.push({ path: 'autostart', before: seen.autostart, after: vm.autostart, effect: 'now' })
    return changes.length === 0 ? [] : [fleetChange('adjust', vm.name, host, hidden(changes))]
  })
}

function newDisks({ missing }: SeenVm, host: VmHost | undefined): Change[] {
  return missing.flatMap(({ file }): Change[] =>
    host?.files.has(file) ? [] : [{ path: `files.${file}`, before: 'absent', after: 'present', effect: 'now' }],
  )
}

const keptImage = ({ target, file, actual }: SeenVm['replaced'][number]): Change => ({
  path: `image.${target}`,
  before: actual,
  after: file,
  effect: 'pending',
  note: 'left as it is: the machine is on a snapshot, or was moved to another image',
})

function refuseToResume({ state, reason, model }: SeenVm, args: VmsArgs): void {
  if (args.state === 'running' && state === 'paused' && reason !== 'user' && reason !== 'unknown')
    throw new ModuleFailure(`VM '${model.name}' is paused by '${reason}': to resume it would hide why`)
}

function refuseToShrink({ name, disks }: WantedVm, { sizes }: SeenVm): void {
  for (const { file, size, target } of disks) {
    const is = sizes.get(file)
    if (is !== undefined && size !== undefined && is > size)
      throw new ModuleFailure(
        `disk ${target} of '${name}' has ${is} bytes, the task says ${size}: a disk is never shrunk`,
      )
  }
}

function refuseWithoutBase({ missing, model }: SeenVm, states: FleetStates<VmHost>, host: HostName): void {
  const at = states.answered.get(host)
  const base = missing.map((disk) => disk.base?.file ?? '').find((file) => at?.check === false && at.lacks.has(file))
  if (base !== undefined)
    throw new ModuleFailure(`a disk of '${model.name}' is to be on top of ${base}, which ${host} has not`, {
      hint: 'bring it there first (libvirt_image)',
    })
}

/** Of an interface that it is to get: the host itself was asked when the address was computed, the others are here. */
function refuseTakenMacs(vm: WantedVm, { macs, model }: SeenVm, states: FleetStates<VmHost>, given: Set<string>): void {
  const own = new Set(model.nics.map(({ mac }) => mac))
  const fresh = macs.filter((mac) => !own.has(mac))
  if (fresh.length === 0) return
  const taken = takenMacs(states, new Set([vm.uuid]))
  const mac = fresh.find((one) => taken.has(one) || given.has(one))
  if (mac !== undefined)
    throw new ModuleFailure(
      `a new interface of '${vm.name}' would get ${mac}, which another machine of the fleet has`,
      {
        hint: 'attach it with a MAC of its own (libvirt_domain)',
      },
    )
  for (const one of fresh) given.add(one)
}

function growth({ disks }: WantedVm, { sizes }: SeenVm): Change[] {
  return disks.flatMap(({ file, size, target }, i): Change[] => {
    const is = sizes.get(file)
    if (is === undefined || size === undefined || is >= size) return []
    const path = i === 0 ? 'disk_size' : `disk_size.${target}`
    return [{ path, before: String(is), after: String(size), effect: 'now' }]
  })
}

function power(vm: WantedVm, seen: SeenVm, known: Known, args: VmsArgs): Change[] {
  const off = seen.state === 'shut off' || seen.state === 'crashed'
  if (args.state === 'stopped')
    return off ? [] : [{ path: 'state', before: seen.state, after: 'shut off', effect: 'now' }]
  if (off || seen.state === 'paused') return [{ path: 'state', before: seen.state, after: 'running', effect: 'now' }]
  return unmet(vm, seen, known, args)
}
