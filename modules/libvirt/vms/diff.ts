import type { FleetChange, FleetStates } from '../../../core/module/types.ts'
import { adjustments } from './adjustments.ts'
import type { VmsArgs } from './args.ts'
import { type Known, locate } from './fleet.ts'
import { makings } from './makings.ts'
import type { VmHost } from './probe.ts'
import { obstacle, refused, undecidable } from './refusing.ts'
import { removals } from './removals.ts'
import { wantedVms } from './wanted.ts'

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
