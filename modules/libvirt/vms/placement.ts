import { ModuleFailure } from '../../../core/module/types.ts'
import type { WantedVm } from './wanted.ts'

/** A host that VMs may be made on. */
export interface Candidate {
  readonly name: string
  readonly freeKiB: number
  /** Virtual processors that may still be given to VMs; undefined: any number. */
  readonly freeVcpus?: number
  /** VMs of the task that are there. */
  readonly has?: readonly string[]
  /** The run may not change it: nothing goes there that the task does not put there. */
  readonly closed?: boolean
}

/** Where a VM goes, and why. */
export interface Placed {
  readonly host: string
  readonly why: string
}

/** What a host has left while VMs are placed. */
interface Room {
  readonly name: string
  kib: number
  vcpus: number
  readonly vms: Set<string>
  readonly closed: boolean
}

export interface PlacementRules {
  readonly how: 'spread' | 'pack'
  /** Memory that stays free on every host. */
  readonly reserveKiB: number
  /** Groups of VMs of which no two are on one host. */
  readonly apart?: readonly (readonly string[])[]
}

/**
 * Places VMs by memory, the largest first: spread takes the host with the most left, pack the one with the least that is
 * enough, of those that have the processors and none of the VM's group. Equal hosts are taken in order of their names, so the same
 * question has the same answer. Raises ModuleFailure naming the VMs that fit nowhere, and why.
 */
export function place(
  vms: readonly WantedVm[],
  candidates: readonly Candidate[],
  rules: PlacementRules,
): Map<string, Placed> {
  const { how, reserveKiB, apart = [] } = rules
  const rooms = candidates.map(
    ({ name, freeKiB, freeVcpus = Number.POSITIVE_INFINITY, has = [], closed = false }): Room => ({
      name,
      kib: freeKiB - reserveKiB,
      vcpus: freeVcpus,
      vms: new Set(has),
      closed,
    }),
  )
  const result = new Map<string, Placed>()
  const homeless: string[] = []
  const nowhere = rooms.some(({ closed }) => closed)
    ? 'no host that --limit leaves can take VMs'
    : 'no host can take VMs'
  const order = [...vms].sort(
    (a, b) => Number(b.host !== undefined) - Number(a.host !== undefined) || b.memoryMiB - a.memoryMiB,
  )
  for (const vm of order) {
    const others = apart.filter((group) => group.includes(vm.name)).flat()
    const allowed = rooms.filter(({ name, closed }) => (vm.host === undefined ? !closed : vm.host === name))
    const [best] = allowed
      .filter((room) => obstacle(room, vm, others) === undefined)
      .sort((a, b) => (how === 'spread' ? b.kib - a.kib : a.kib - b.kib) || (a.name < b.name ? -1 : 1))
    if (!best) {
      const where = vm.host === undefined ? '' : ` on ${vm.host}`
      const why = allowed.map((room) => `${room.name} ${obstacle(room, vm, others)}`).join(', ')
      homeless.push(`${vm.name} (${vm.memoryMiB} MiB${where}: ${why || nowhere})`)
      continue
    }
    const why =
      vm.host === undefined ? `${how} over ${rooms.filter(({ closed }) => !closed).length} hosts` : 'as the task says'
    const free = Math.round(best.kib / 1024)
    result.set(vm.name, { host: best.name, why: `on ${best.name}: ${why}, ${free} MiB free there` })
    best.kib -= vm.memoryMiB * 1024
    best.vcpus -= vm.vcpus
    best.vms.add(vm.name)
  }
  if (homeless.length > 0) throw new ModuleFailure(`there is no place for ${homeless.join('; ')}`)
  return result
}

/** Why the VM cannot be there. */
function obstacle(room: Room, vm: WantedVm, others: readonly string[]): string | undefined {
  if (room.kib < vm.memoryMiB * 1024) return `has ${Math.max(0, Math.round(room.kib / 1024))} MiB free`
  if (room.vcpus < vm.vcpus) return `has processors for ${Math.max(0, room.vcpus)} more`
  const neighbour = others.find((name) => name !== vm.name && room.vms.has(name))
  return neighbour === undefined ? undefined : `has ${neighbour}, from which it is kept apart`
}
