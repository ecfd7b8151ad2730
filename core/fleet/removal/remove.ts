import { sh } from '../../connection/index.ts'
import { attempt, FleetError } from '../errors.ts'
import type { FoundVm } from '../fleet.ts'
import { stopVm } from '../power.ts'
import type { RemovalPlan } from './plan.ts'

/** Does what the plan says: the definition first, so that no disk goes of a VM that stays. Raises FleetError. */
export async function removeVm(found: FoundVm, plan: RemovalPlan): Promise<void> {
  const { host, vm } = found
  const title = `${vm.name}@${vm.host}`
  if (plan.running) await stopVm(found, { force: true, timeoutMs: 0 })
  await attempt(`delete ${title}`, async () => {
    if (plan.persistent) await host.libvirt.undefineDomain(vm.uuid, plan.flags)
    const now = await host.libvirt.domainState(vm.uuid)
    if (now) throw new FleetError('refused', `VM '${vm.name}' is still there (${now.state}); no disk was deleted`)
  })
  if (plan.deletes.length === 0) return
  await attempt(`${title} is deleted, but not all of its disks`, async () => {
    const outcomes = await Promise.allSettled(plan.deletes.map((disk) => removeDisk(found, disk)))
    const paths = plan.deletes.map((disk) => disk.path)
    const check = await host.run(
      sh`for f in ${paths}; do if [ -e "$f" ] || [ -L "$f" ]; then echo y; else echo n; fi; done`,
    )
    const letters = check.stdout.toString().trim().split('\n')
    const left = paths.filter((_, i) => letters[i] !== 'n')
    if (left.length === 0) return
    const reasons = outcomes.flatMap((one) =>
      one.status === 'rejected' ? [String((one.reason as Error).message)] : [],
    )
    throw new FleetError('refused', `${title} is deleted, but these files are still there: ${left.join(', ')}`, {
      ...(reasons.length > 0 && { hint: reasons.join('; ') }),
    })
  })
}

async function removeDisk({ host }: FoundVm, { path, volume }: RemovalPlan['deletes'][number]): Promise<void> {
  if (volume) return await host.libvirt.deleteVolume(volume.pool, volume.name)
  const done = await host.run(sh`LC_ALL=C rm -f -- ${path}`)
  if (done.status !== 0) throw new FleetError('refused', done.stderr.toString().trim())
}
