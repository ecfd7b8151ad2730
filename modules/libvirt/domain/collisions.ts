import type { DomainModel } from '../../../core/libvirt/xml/domain.ts'
import { ModuleFailure } from '../../../core/module/types.ts'
import type { KnownDomain } from '../storage/users.ts'

/** What of a definition another domain already has: UUID, MAC, a writable disk. */
export function collisions(model: DomainModel, others: readonly KnownDomain[]): string[] {
  const problems: string[] = []
  for (const { model: other } of others) {
    if (model.uuid !== undefined && other.uuid === model.uuid)
      problems.push(`UUID ${model.uuid} is that of ${other.name}`)
    for (const { mac } of model.nics) {
      if (mac !== undefined && other.nics.some((n) => n.mac === mac))
        problems.push(`MAC ${mac} is that of ${other.name}`)
    }
    for (const disk of model.disks) {
      if (disk.source === undefined || disk.readonly || disk.shareable || disk.device !== 'disk') continue
      const same = other.disks.find((d) => d.source === disk.source)
      if (same && !same.shareable) problems.push(`${disk.source} is a disk of ${other.name}`)
    }
  }
  return problems
}

/** Refuses a definition that collides with another domain on the host. */
export function refuseCollisions(model: DomainModel, others: readonly KnownDomain[]): void {
  const problems = collisions(model, others)
  if (problems.length > 0)
    throw new ModuleFailure(`domain '${model.name}' collides with others on this host: ${problems.join('; ')}`)
}
