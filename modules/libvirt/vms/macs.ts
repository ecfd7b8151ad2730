import { fleetMac, isFleetMac } from '../../../core/libvirt/identity/mac.ts'
import type { DomainModel } from '../../../core/libvirt/xml/domain.ts'
import type { WantedVm } from './wanted.ts'

/** MACs of a VM that is to be made, by its interfaces, which are taken from then on. */
export function newMacs(fleet: string, vm: WantedVm, taken: Set<string>): readonly string[] {
  return vm.interfaces.map((_, i) => add(taken, fleetMac(fleet, vm.name, i, taken)))
}

/**
 * MACs of a VM that is there, by its interfaces: those that were computed for it, the first one whatever it is. An interface that it does
 * not have yet gets one that none of `others` has; what somebody else attached to it is nobody's here.
 */
export function presentMacs(
  fleet: string,
  vm: WantedVm,
  { nics }: Pick<DomainModel, 'nics'>,
  others: () => Iterable<string>,
): readonly string[] {
  const there = nics.flatMap(({ mac }) => mac ?? [])
  const found = vm.interfaces.map((_, i) => there.find((mac) => isFleetMac(mac, fleet, vm.name, i)))
  const used = new Set(found)
  if (found.length > 0 && found[0] === undefined && there[0] !== undefined && !used.has(there[0])) found[0] = there[0]
  if (!found.includes(undefined)) return found as string[]
  const taken = new Set([...there, ...others()])
  return found.map((mac, i) => mac ?? add(taken, fleetMac(fleet, vm.name, i, taken)))
}

function add(taken: Set<string>, mac: string): string {
  taken.add(mac)
  return mac
}
