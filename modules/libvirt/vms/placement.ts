import { ModuleFailure } from '../../../core/module/types.ts'
import type { WantedVm } from './wanted.ts'

/** A host that VMs may be made on. */
export interface Candidate {
  readonly name: string
  readonly freeKiB: number
}

/** Where a VM goes, and why. */
export interface Placed {
  readonly host: string
  readonly why: string
}

/**
 * Places VMs by memory, the largest first: spread takes the host with the most left, pack the one with the least that is
 * enough. Equal hosts are taken in order of their names, so the same question has the same answer. Raises ModuleFailure
 * naming the VMs that fit nowhere.
 */
export function place(
  vms: readonly WantedVm[],
  candidates: readonly Candidate[],
  how: 'spread' | 'pack',
  reserveKiB: number,
): Map<string, Placed> {
  const free = new Map(candidates.map((c) => [c.name, c.freeKiB - reserveKiB]))
  const result = new Map<string, Placed>()
  const homeless: string[] = []
  const order = [...vms].sort(
    (a, b) => Number(b.host !== undefined) - Number(a.host !== undefined) || b.memoryMiB - a.memoryMiB,
  )
  for (const vm of order) {
    const need = vm.memoryMiB * 1024
    const fits = [...free].filter(([name, left]) => left >= need && (vm.host === undefined || vm.host === name))
    fits.sort(([a, x], [b, y]) => (how === 'spread' ? y - x : x - y) || (a < b ? -1 : 1))
    const best = fits[0]
    if (!best) {
      homeless.push(`${vm.name} (${vm.memoryMiB} MiB${vm.host === undefined ? '' : ` on ${vm.host}`})`)
      continue
    }
    free.set(best[0], best[1] - need)
    const why = vm.host === undefined ? `${how} over ${candidates.length} hosts` : 'as the task says'
    result.set(vm.name, { host: best[0], why: `on ${best[0]}: ${why}, ${Math.round(best[1] / 1024)} MiB free there` })
  }
  if (homeless.length > 0) {
    const room = [...free].map(([name, left]) => `${name} ${Math.max(0, Math.round(left / 1024))} MiB`).join(', ')
    throw new ModuleFailure(`no host has the memory for ${homeless.join(', ')}`, {
      hint: `free: ${room === '' ? 'no host can take VMs' : room}`,
    })
  }
  return result
}
