import { type FleetChange, type FleetStates, type HostName, ModuleFailure } from '../../../core/module/types.ts'
import type { VmsArgs } from './args.ts'
import { bytes } from './bytes.ts'
import { filesOf } from './disks.ts'
import { assignMacs, domainsOf, type Known, refuseForeignFiles } from './fleet.ts'
import { type Candidate, type Placed, place } from './placement.ts'
import type { VmHost } from './probe.ts'
import { fleetChange, obstacle, refused } from './refusing.ts'
import type { WantedVm } from './wanted.ts'

/** VMs that are to be made, and where. Raises ModuleFailure where there is no place for one. */
export function makings(
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
    // MACs, acceleration and earlier files stand among the changes because apply sees nothing else of the fleet.
    return fleetChange('make', vm.name, where.host, [
      { path: 'state', before: 'absent', after, effect: 'now', note: where.why },
      ...(macs.get(vm.name) ?? []).map((mac, i) => ({
        path: i === 0 ? 'mac' : `mac${i + 1}`,
        after: mac,
        effect: 'now' as const,
      })),
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

/** A VM whose disk was made before goes where that is; the others where there is room. */
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
  const able = [...states.answered].filter(([, host]) => host.check || host.domains.kind === 'answer')
  if (able.length === 0)
    throw new ModuleFailure(
      `no host can take VMs: ${[...states.answered.keys()].map((name) => `${name} has no libvirt`).join(', ')}`,
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
    freeKiB: freeKiB(host, args.memory_ratio),
    has: begun,
    // In a check run an earlier task may be about to bring the image.
    ...(!host.check && { lacks: host.lacks }),
    processors: { own: host.cpus, given: vcpus, ratio: args.vcpu_ratio },
  }
}

/**
 * What the host says is available, and no more than its guests have been promised less of its own: one that has just been started has not
 * touched most of its memory yet, and will.
 */
function freeKiB(host: VmHost, ratio: number): number {
  const guests = domainsOf(host).filter((d) => d.state !== 'shut off')
  const sum = (some: typeof guests): number => some.reduce((kib, d) => kib + d.model.memoryKiB, 0)
  const starting = guests.filter((d) => d.state === 'paused' && d.reason === 'starting up')
  const available = host.availableKiB - sum(starting)
  return host.totalKiB === 0 ? available : Math.min(available, Math.floor(host.totalKiB * ratio) - sum(guests))
}
