import { type DomainModel, readDomain } from '../libvirt/xml/domain.ts'
import { parseXml } from '../libvirt/xml/element.ts'
import { type Display, displaysIn } from './display.ts'
import { attempt, FleetError } from './errors.ts'
import type { FoundVm } from './fleet.ts'

/** What one VM is made of: live where it runs. */
export interface VmDetails {
  readonly model: DomainModel
  readonly displays: readonly Display[]
  readonly snapshots: readonly string[]
  /** As libvirt gives it, without secrets. */
  readonly xml: string
}

/** Raises FleetError. */
export async function detailsOf({ host, vm }: FoundVm): Promise<VmDetails> {
  return attempt(`read ${vm.name}@${vm.host}`, async () => {
    const [xml, secure, snapshots] = await Promise.all([
      host.libvirt.domainXml(vm.uuid),
      // That a display has a password is not told otherwise; nothing else of it is used.
      host.libvirt.domainXml(vm.uuid, { secure: true }),
      host.libvirt.snapshots(vm.uuid),
    ])
    if (xml === undefined || secure === undefined)
      throw new FleetError('unknown', `there is no VM '${vm.name}' on ${vm.host} any more`)
    return { model: readDomain(parseXml(xml)), displays: displaysIn(parseXml(secure)), snapshots, xml }
  })
}
