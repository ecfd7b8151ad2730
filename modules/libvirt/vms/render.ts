import type { Element } from '../../../core/libvirt/xml/element.ts'
import type { Reader } from '../../../core/module/types.ts'
import { readWhole, renderDomain } from '../domain/declaration.ts'
import type { WantedVm } from './wanted.ts'

/** The definition of one VM, as it is to be on this host. */
export async function renderVm(
  host: Reader,
  vm: WantedVm,
  facts: { readonly macs: readonly string[]; readonly acceleration: 'kvm' | 'tcg' },
): Promise<Element> {
  const source = await renderDomain(host, vm.template, {
    acceleration: facts.acceleration,
    ...vm.variables,
    name: vm.name,
    uuid: vm.uuid,
    memory_mib: vm.memoryMiB,
    vcpus: vm.vcpus,
    // Their places are the template's: one of the user's own may have another bus.
    disks: vm.disks.map(({ file, cache }) => ({
      source: file,
      format: 'qcow2',
      ...(cache !== undefined && { cache }),
    })),
    ...(vm.seed !== undefined && { seed: vm.seed }),
    interfaces: vm.interfaces.map(({ network, bridge, model }, i) => ({
      mac: facts.macs[i] ?? '',
      ...(bridge === undefined ? { network: network ?? 'default' } : { bridge }),
      ...(model !== undefined && { model }),
    })),
  })
  return readWhole(source, `${vm.template} for ${vm.name}`, vm.name)
}
