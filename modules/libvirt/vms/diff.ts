import {
  type Change,
  type FleetChange,
  type FleetStates,
  type HostName,
  ModuleFailure,
} from '../../../core/module/types.ts'
import { asChanges } from '../daemon/changes.ts'
import type { VmsArgs } from './args.ts'
import { filesOf } from './disks.ts'
import { assignMacs, domainsOf, type Known, locate, refuseForeignFile, refuseForeignFiles } from './fleet.ts'
import { unmet } from './goal.ts'
import type { Needed } from './needed.ts'
import { type Candidate, type Placed, place } from './placement.ts'
import type { SeenVm, VmHost } from './probe.ts'
import { bytes, type WantedVm, wantedVms } from './wanted.ts'

/**
 * What has to change in the fleet; what stands in the way of one VM refuses that one alone. Raises ModuleFailure where a silent host could
 * hold what is asked for, and where the VMs that are to be made have no room: then none is made.
 */
export function diffVms(states: FleetStates<VmHost>, args: VmsArgs): FleetChange[] {
  const known = new Map<string, Known>()
  const lost: FleetChange[] = []
  const vms = wantedVms(args).filter((vm) => {
    const refusal = obstacle(() => known.set(vm.name, locate(states, args.fleet, vm)))
    if (refusal) lost.push(refused(vm, [...states.answered.keys()][0] ?? '', args, refusal))
    return refusal === undefined
  })
  const { silent } = states
  // What is not seen may live on a silent host, whether it is to be made or to be gone.
  const unseen = vms.filter((vm) => known.get(vm.name)?.host === undefined).map((vm) => vm.name)
  if (silent.size > 0 && unseen.length > 0) throw undecidable(silent, unseen)
  const changes =
    args.state === 'absent'
      ? removals(states, vms, known)
      : [...makings(states, args, vms, known), ...adjustments(states, args, vms, known)]
  const touching = changes.filter((c) => !c.refusal && c.changes.some((change) => change.effect !== 'pending'))
  if (silent.size > 0 && touching.length > 0)
    throw undecidable(
      silent,
      touching.map((c) => c.item),
    )
  return [...lost, ...changes]
}

/** Why something cannot be done with one VM; the others go on. */
function obstacle(check: () => void): ModuleFailure | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    if (error instanceof ModuleFailure) return error
    throw error
  }
}

/** Nothing is done for that VM, and why. */
const refused = (vm: WantedVm, host: HostName, args: VmsArgs, refusal: ModuleFailure): FleetChange => ({
  ...fleetChange('refuse', vm.name, host, [{ path: 'state', after: args.state, effect: 'now' }]),
  refusal,
})

function undecidable(silent: ReadonlyMap<HostName, string>, vms: readonly string[]): ModuleFailure {
  const hosts = [...silent].map(([name, why]) => `${name} (${why})`).join(', ')
  return new ModuleFailure(
    `nothing is done for ${vms.join(', ')}: they may be on hosts that did not answer: ${hosts}`,
    {
      hint: 'bring the hosts back, or take them out of the play when they are gone for good',
      result: { silent: [...silent.keys()], vms: [...vms] },
    },
  )
}

function makings(
  states: FleetStates<VmHost>,
  args: VmsArgs,
  vms: readonly WantedVm[],
  known: ReadonlyMap<string, Known>,
): FleetChange[] {
  const missing = vms.filter((vm) => known.get(vm.name)?.host === undefined)
  if (missing.length === 0) return []
  const placed = placement(states, args, missing, known)
  const macs = assignMacs(states, args, missing)
  return missing.map((vm) => {
    const where = placed.get(vm.name)
    const knowledge = known.get(vm.name)
    if (!where || !knowledge) throw new Error(`VM ${vm.name} was not placed`)
    const refusal = obstacle(() => refuseForeignFiles(states, vm, knowledge, where.host))
    if (refusal) return refused(vm, where.host, args, refusal)
    const after = args.state === 'running' ? 'running' : 'shut off'
    const earlier = earlierFiles(vm, knowledge, where.host)
    // The MAC, the acceleration and the earlier files stand among the changes because apply sees nothing else of the fleet.
    return fleetChange('make', vm.name, where.host, [
      { path: 'state', before: 'absent', after, effect: 'now', note: where.why },
      { path: 'mac', after: macs.get(vm.name) ?? '', effect: 'now' },
      { path: 'acceleration', after: states.answered.get(where.host)?.acceleration ?? 'tcg', effect: 'now' },
      ...(earlier.length === 0
        ? []
        : [{ path: 'earlier_files', after: earlier, effect: 'now' as const, note: EARLIER }]),
    ])
  })
}

const EARLIER = 'a run before made them for it; they go when it is removed'

const earlierFiles = (vm: WantedVm, known: Known, host: HostName): string[] => {
  const own = new Set(filesOf(vm))
  const files = known.journals.filter((j) => j.host === host).flatMap((j) => j.entry.files)
  return [...new Set(files)].filter((file) => !own.has(file))
}

/** A VM whose disk was made before goes where that is; the others by free memory. */
function placement(
  states: FleetStates<VmHost>,
  args: VmsArgs,
  missing: readonly WantedVm[],
  known: ReadonlyMap<string, Known>,
): Map<string, Placed> {
  const result = new Map<string, Placed>()
  const rest: WantedVm[] = []
  for (const vm of missing) {
    const begun = known.get(vm.name)?.journals[0]
    if (begun && (vm.host === undefined || vm.host === begun.host))
      result.set(vm.name, { host: begun.host, why: `on ${begun.host}: begun there` })
    else rest.push(vm)
  }
  const able = [...states.answered].filter(([, host]) => host.check || (host.domains.kind === 'answer' && host.base))
  if (able.length === 0)
    throw new ModuleFailure(
      `no host can take VMs: ${[...states.answered].map(([n, h]) => `${n} has no ${h.base ? 'libvirt' : args.base}`).join(', ')}`,
    )
  const candidates = able.map(([name, host]) => ({
    ...candidate(name, host, args, known),
    closed: states.writable?.has(name) === false,
  }))
  const rules = {
    how: args.placement,
    reserveKiB: Number(bytes('reserve', args.reserve, 0n) / 1024n),
    apart: args.anti_affinity,
  }
  for (const [name, where] of place(rest, candidates, rules)) result.set(name, where)
  return result
}

function candidate(name: HostName, host: VmHost, args: VmsArgs, known: ReadonlyMap<string, Known>): Candidate {
  const running = domainsOf(host).filter((d) => d.state !== 'shut off')
  const vcpus = running.reduce((sum, d) => sum + d.model.vcpus, 0)
  const begun = [...known].filter(([, vm]) => vm.host === name || vm.journals[0]?.host === name).map(([vm]) => vm)
  return {
    name,
    freeKiB: host.availableKiB - claimed(host),
    has: begun,
    ...(args.vcpu_ratio !== undefined && { freeVcpus: args.vcpu_ratio * host.cpus - vcpus }),
  }
}

/** Memory of guests that were started and have not touched all of theirs cannot be told from here; what is off counts not. */
function claimed(host: VmHost): number {
  const starting = domainsOf(host).filter((d) => d.state === 'paused' && d.reason === 'starting up')
  return starting.reduce((sum, d) => sum + d.model.memoryKiB, 0)
}

function adjustments(
  states: FleetStates<VmHost>,
  args: VmsArgs,
  vms: readonly WantedVm[],
  known: ReadonlyMap<string, Known>,
): FleetChange[] {
  return vms.flatMap((vm) => {
    const knowledge = known.get(vm.name)
    const { host, seen } = knowledge ?? {}
    if (knowledge === undefined || host === undefined || !seen) return []
    const state = states.answered.get(host)
    const refusal = obstacle(() => {
      refuseToResume(seen, args)
      refuseToShrink(vm, seen)
      if (seen.seedDiffers && vm.seed !== undefined && state)
        refuseForeignFile(states, vm.seed, knowledge, { name: host, host: state })
    })
    if (refusal) return [refused(vm, host, args, refusal)]
    const changes = [
      ...asChanges(seen.drift, 'now'),
      ...pending(seen, args),
      ...growth(vm, seen),
      ...power(vm, seen, knowledge, args),
    ]
    if (seen.seedDiffers)
      changes.push({ path: 'seed', after: vm.seed ?? '', effect: 'now', note: 'cloud-init reads it at the next boot' })
    if (args.autostart !== undefined && args.autostart !== seen.autostart)
      changes.push({ path: 'autostart', before: seen.autostart, after: args.autostart, effect: 'now' })
    return changes.length === 0 ? [] : [fleetChange('adjust', vm.name, host, changes)]
  })
}

function pending(seen: SeenVm, args: VmsArgs): Change[] {
  if (args.state !== 'running' || seen.state === 'shut off') return []
  return asChanges(seen.liveDrift, 'pending', 'at the next boot of the guest').map((c) => ({
    ...c,
    path: `live.${c.path}`,
  }))
}

function refuseToResume({ state, reason, model }: SeenVm, args: VmsArgs): void {
  if (args.state === 'running' && state === 'paused' && reason !== 'user' && reason !== 'unknown')
    throw new ModuleFailure(`VM '${model.name}' is paused by '${reason}': to resume it would hide why`)
}

function refuseToShrink({ name, diskSize }: WantedVm, { diskSize: is }: SeenVm): void {
  if (is !== undefined && diskSize !== undefined && is > diskSize)
    throw new ModuleFailure(`the disk of '${name}' has ${is} bytes, the task says ${diskSize}: a disk is never shrunk`)
}

function growth({ diskSize }: WantedVm, { diskSize: is }: SeenVm): Change[] {
  if (is === undefined || diskSize === undefined || is >= diskSize) return []
  return [{ path: 'disk_size', before: String(is), after: String(diskSize), effect: 'now' }]
}

function power(vm: WantedVm, seen: SeenVm, known: Known, args: VmsArgs): Change[] {
  const off = seen.state === 'shut off' || seen.state === 'crashed'
  if (args.state === 'stopped')
    return off ? [] : [{ path: 'state', before: seen.state, after: 'shut off', effect: 'now' }]
  if (off || seen.state === 'paused') return [{ path: 'state', before: seen.state, after: 'running', effect: 'now' }]
  return unmet(vm, seen, known, args)
}

function removals(
  states: FleetStates<VmHost>,
  vms: readonly WantedVm[],
  known: ReadonlyMap<string, Known>,
): FleetChange[] {
  return vms.flatMap((vm) => {
    const { host, seen, journals } = known.get(vm.name) ?? { host: undefined, seen: undefined, journals: [] }
    const where = [...new Set([...(host === undefined ? [] : [host]), ...journals.map((j) => j.host)])]
    if (where.length === 0) return []
    const files = [...new Set(journals.flatMap((j) => j.entry.files))]
    const { needed, after } = states.answered.get(where[0] ?? '')?.removal ?? {}
    const user = needed?.get(vm.name)
    const changes: Change[] = [
      ...(seen ? [{ path: 'state', before: seen.state, after: 'absent', effect: 'now' as const }] : []),
      ...files.map((f) => ({ path: `files.${f}`, before: 'present', after: 'absent', effect: 'now' as const })),
    ]
    const note =
      seen && !files.includes(vm.disk)
        ? [
            {
              path: 'journal',
              before: 'none',
              after: 'none',
              effect: 'pending' as const,
              note: 'no journal says this fleet made its disk: it stays',
            },
          ]
        : []
    return [
      {
        ...fleetChange('remove', vm.name, where[0] ?? '', [...changes, ...note], where),
        needs: (after?.get(vm.name) ?? []).map((other) => `remove ${other}`),
        ...(user && { refusal: stays(vm.name, user) }),
      },
    ]
  })
}

/** Why a VM cannot go: its files stay for whom needs them, and so does everything. */
function stays(name: string, { file, by, isDoubtful }: Needed): ModuleFailure {
  if (isDoubtful)
    return new ModuleFailure(
      `VM '${name}' is not removed: ${by} cannot be looked into, and may need its file ${file}`,
      {
        hint: 'start the pool that has it, or move it out of the folder',
      },
    )
  return new ModuleFailure(`VM '${name}' is not removed: ${by} needs its file ${file}`, {
    hint: 'remove that one first, or copy it away from this file (libvirt_volume, qemu-img rebase)',
  })
}

function fleetChange(
  kind: string,
  name: string,
  host: HostName,
  changes: readonly Change[],
  hosts: readonly HostName[] = [host],
): FleetChange {
  return { id: `${kind} ${name}`, item: name, hosts, changes, needs: [] }
}
