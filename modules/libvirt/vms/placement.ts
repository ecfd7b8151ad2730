import { ModuleFailure } from '../../../core/module/types.ts'
import type { WantedVm } from './wanted.ts'

/** A host that VMs may be made on. */
export interface Candidate {
  readonly name: string
  readonly freeKiB: number
  readonly processors?: Processors
  /** Base images that it does not have. */
  readonly lacks?: ReadonlySet<string>
  /** VMs of the task that are there. */
  readonly has?: readonly string[]
  /** The run may not change it: nothing goes there that the task does not put there. */
  readonly closed?: boolean
}

/** Processors of a host, and those that it has given to running machines. */
export interface Processors {
  readonly own: number
  readonly given: number
  /** How many it may give for each of its own; undefined: any number. */
  readonly ratio: number | undefined
}

/** Where a VM goes, and why. */
export interface Placed {
  readonly host: string
  readonly why: string
}

const UNCOUNTED: Processors = { own: 1, given: 0, ratio: undefined }

/** What a host has left while VMs are placed. */
interface Room {
  readonly name: string
  kib: number
  given: number
  readonly processors: Processors
  readonly lacks: ReadonlySet<string>
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
 * Places VMs by memory and processors, the largest first: spread takes the host with the most left, pack the one with the least that is
 * enough, of those that have the processors, the base image and none of the VM's group. Equal hosts are taken in order of their names, so the same
 * question has the same answer. Raises ModuleFailure naming the VMs that fit nowhere, and why.
 */
export function place(
  vms: readonly WantedVm[],
  candidates: readonly Candidate[],
  rules: PlacementRules,
): Map<string, Placed> {
  const { how, reserveKiB, apart = [] } = rules
  const rooms = candidates.map(
    ({ name, freeKiB, processors = UNCOUNTED, lacks = new Set(), has = [], closed = false }): Room => ({
      name,
      kib: freeKiB - reserveKiB,
      given: processors.given,
      processors,
      lacks,
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
    const best = choose(
      allowed.filter((room) => obstacle(room, vm, others) === undefined),
      vm,
      how,
    )
    if (!best) {
      const where = vm.host === undefined ? '' : ` on ${vm.host}`
      const why = allowed.map((room) => `${room.name} ${obstacle(room, vm, others)}`).join(', ')
      homeless.push(`${vm.name} (${vm.memoryMiB} MiB${where}: ${why || nowhere})`)
      continue
    }
    const why =
      vm.host === undefined ? `${how} over ${rooms.filter(({ closed }) => !closed).length} hosts` : 'as the task says'
    const free = Math.round(best.kib / 1024)
    const load = best.processors === UNCOUNTED ? '' : `, ${best.given} virtual on ${best.processors.own} processors`
    result.set(vm.name, { host: best.name, why: `on ${best.name}: ${why}, ${free} MiB free${load} there` })
    best.kib -= vm.memoryMiB * 1024
    best.given += vm.vcpus
    best.vms.add(vm.name)
  }
  if (homeless.length > 0) throw new ModuleFailure(`there is no place for ${homeless.join('; ')}`)
  return result
}

/**
 * Spread: by memory, the most left; those that differ by less than the VM's own are equal in that, and of these the least busy in
 * processors is taken. Pack: the least memory that is enough, however busy.
 */
function choose(rooms: readonly Room[], vm: WantedVm, how: PlacementRules['how']): Room | undefined {
  const most = Math.max(...rooms.map(({ kib }) => kib))
  const near = how === 'pack' ? rooms : rooms.filter(({ kib }) => most - kib < vm.memoryMiB * 1024)
  const [best] = [...near].sort(
    (a, b) =>
      (how === 'pack' ? a.kib - b.kib : load(a) - load(b) || b.kib - a.kib) ||
      load(a) - load(b) ||
      (a.name < b.name ? -1 : 1),
  )
  return best
}

/** Virtual processors for each of its own. */
const load = ({ given, processors }: Room): number => (processors === UNCOUNTED ? 0 : given / processors.own)

/** Why the VM cannot be there. */
function obstacle(room: Room, vm: WantedVm, others: readonly string[]): string | undefined {
  if (room.kib < vm.memoryMiB * 1024) return `has ${Math.max(0, Math.round(room.kib / 1024))} MiB free`
  const { own, ratio } = room.processors
  if (ratio !== undefined && ratio * own - room.given < vm.vcpus)
    return `has processors for ${Math.max(0, ratio * own - room.given)} more`
  const base = vm.disks.find((disk) => disk.base !== undefined && room.lacks.has(disk.base.file))?.base
  if (base) return `has no ${base.file}`
  const neighbour = others.find((name) => name !== vm.name && room.vms.has(name))
  return neighbour === undefined ? undefined : `has ${neighbour}, from which it is kept apart`
}
