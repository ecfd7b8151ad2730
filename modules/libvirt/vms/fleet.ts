import { type FleetStates, type HostName, ModuleFailure } from '../../../core/module/types.ts'
import type { VmsArgs } from './args.ts'
import { filesOf } from './disks.ts'
import type { JournalEntry } from './journal.ts'
import { newMacs } from './macs.ts'
import type { SeenVm, VmHost } from './probe.ts'
import type { WantedVm } from './wanted.ts'
import type { WantedDisk } from './wanted-disks.ts'

/** What the fleet as a whole has of one wanted VM. */
export interface Known {
  readonly host: HostName | undefined
  readonly seen: SeenVm | undefined
  /** Hosts whose journal has it. */
  readonly journals: readonly { readonly host: HostName; readonly entry: JournalEntry }[]
}

/** Domains of a host that answered. */
export const domainsOf = (host: VmHost): readonly SeenVm[] => (host.domains.kind === 'answer' ? host.domains.value : [])

/** Finds a VM in the fleet. Raises ModuleFailure where it is there twice, or is not this fleet's. */
export function locate(states: FleetStates<VmHost>, fleet: string, vm: WantedVm): Known {
  const journals = [...states.answered].flatMap(([host, state]) =>
    state.journal.filter((e) => e.name === vm.name && e.uuid === vm.uuid).map((entry) => ({ host, entry })),
  )
  const places = [...states.answered].flatMap(([host, state]) =>
    domainsOf(state)
      .filter((d) => d.model.name === vm.name || d.model.uuid === vm.uuid)
      .map((seen) => ({ host, seen })),
  )
  if (places.length > 1)
    throw new ModuleFailure(
      `VM '${vm.name}' is on more than one host: ${places.map((p) => `${p.host} (${p.seen.state})`).join(', ')}`,
      {
        hint: 'nothing was touched; remove the definition that is wrong',
      },
    )
  const place = places[0]
  if (place && (place.seen.model.uuid !== vm.uuid || place.seen.model.name !== vm.name))
    throw new ModuleFailure(
      `the domain '${place.seen.model.name}' on ${place.host} is not of the fleet '${fleet}': its UUID is ${place.seen.model.uuid}, not ${vm.uuid}`,
    )
  return { host: place?.host, seen: place?.seen, journals }
}

/** MACs of all machines that answered, but those of these VMs. */
export function takenMacs(states: FleetStates<VmHost>, but: ReadonlySet<string>): Set<string> {
  const taken = new Set<string>()
  for (const host of states.answered.values()) {
    for (const { model } of domainsOf(host)) {
      if (!but.has(model.uuid ?? '')) for (const { mac } of model.nics) if (mac !== undefined) taken.add(mac)
    }
  }
  return taken
}

/** The MACs of each VM that is to be made, by its interfaces; none is given twice. */
export function assignMacs(
  states: FleetStates<VmHost>,
  args: VmsArgs,
  missing: readonly WantedVm[],
): Map<string, readonly string[]> {
  const taken = takenMacs(states, new Set(missing.map((v) => v.uuid)))
  return new Map(missing.map((vm) => [vm.name, newMacs(args.fleet, vm, taken)]))
}

/** Refuses disks that another machine has, and files of the VM (its disks, its seed) that are there and not ours. */
export function refuseForeignFiles(
  states: FleetStates<VmHost>,
  vm: WantedVm,
  known: Known,
  target: HostName,
  { disks, files }: { readonly disks: readonly WantedDisk[]; readonly files: readonly string[] } = {
    disks: vm.disks,
    files: filesOf(vm),
  },
): void {
  const at = states.answered.get(target)
  for (const [name, host] of states.answered) {
    const isSame = host.storage === at?.storage
    if (!isSame && (host.isLocal || at?.isLocal)) continue
    for (const { file } of disks) {
      const owner = domainsOf(host).find(
        (d) => d.model.uuid !== vm.uuid && d.model.disks.some((disk) => disk.source === file),
      )
      if (owner) throw new ModuleFailure(`${file}, the disk of '${vm.name}', belongs to ${owner.model.name} on ${name}`)
    }
    if (!isSame) continue
    for (const file of files) refuseForeignFile(states, file, known, { name, host })
  }
}

/** Refuses a file on a host that no journal of this storage has. */
export function refuseForeignFile(
  states: FleetStates<VmHost>,
  file: string,
  known: Known,
  { name, host }: { name: HostName; host: VmHost },
): void {
  const ours = known.journals.some(
    (j) => j.entry.files.includes(file) && states.answered.get(j.host)?.storage === host.storage,
  )
  if (host.files.has(file) && !ours)
    throw new ModuleFailure(`${file} is already on ${name}, and this fleet did not make it`, {
      hint: 'move it away, or choose another name or path',
    })
}
