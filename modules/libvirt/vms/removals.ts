import { type Change, type FleetChange, type FleetStates, ModuleFailure } from '../../../core/module/types.ts'
import type { Known } from './fleet.ts'
import type { Needed } from './needed.ts'
import type { SeenVm, VmHost } from './probe.ts'
import { fleetChange } from './refusing.ts'
import type { WantedVm } from './wanted.ts'

/** VMs that are to be gone, each behind those that need its files. */
export function removals(
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
      seen && vm.disks[0] !== undefined && !files.includes(vm.disks[0].file)
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
        ...(user && { refusal: stays(vm.name, user, seen) }),
      },
    ]
  })
}

/** Why a VM cannot go: its files stay for whom needs them, and so does everything. */
function stays(name: string, { file, by, isDoubtful }: Needed, seen: SeenVm | undefined): ModuleFailure {
  const isOwn = seen?.model.disks.some(({ source }) => source === by) === true
  if (isDoubtful)
    return new ModuleFailure(
      `VM '${name}' is not removed: ${by} cannot be looked into, and may need its file ${file}`,
      {
        hint: 'look as root (become), start the pool that has it, or move it out of the folder',
      },
    )
  return new ModuleFailure(`VM '${name}' is not removed: ${by} needs its file ${file}`, {
    hint: isOwn
      ? 'it is its own snapshot: merge it first (libvirt_snapshot, virtfleet vm snapshot delete)'
      : 'remove that one first, or copy it away from this file (libvirt_volume, qemu-img rebase)',
  })
}
