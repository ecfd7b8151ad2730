import type { Element } from '../../../core/libvirt/xml/element.ts'
import type { Reader } from '../../../core/module/types.ts'
import { readWhole, renderDomain } from '../domain/declaration.ts'
import type { VmsArgs } from './args.ts'
import type { WantedVm } from './wanted.ts'

/** The definition of one VM, as it is to be on this host. */
export async function renderVm(
  host: Reader,
  args: VmsArgs,
  vm: WantedVm,
  facts: { mac: string; acceleration: 'kvm' | 'tcg' },
): Promise<Element> {
  const source = await renderDomain(host, args.template, {
    acceleration: facts.acceleration,
    ...vm.variables,
    name: vm.name,
    uuid: vm.uuid,
    memory_mib: vm.memoryMiB,
    vcpus: vm.vcpus,
    disks: [{ source: vm.disk, format: 'qcow2' }],
    ...(vm.seed !== undefined && { seed: vm.seed }),
    interfaces: [{ mac: facts.mac, ...vm.interface }],
  })
  return readWhole(source, `${args.template} for ${vm.name}`, vm.name)
}
