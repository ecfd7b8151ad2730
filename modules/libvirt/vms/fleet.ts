import { dirname } from 'node:path'
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
  for (const [name, host] of states.answered) {
    for (const { file } of disks) {
      if (!maySee(states, file, name, target)) continue
      const owner = domainsOf(host).find(
        (d) => d.model.uuid !== vm.uuid && d.model.disks.some((disk) => disk.source === file),
      )
      if (owner) throw new ModuleFailure(`${file}, the disk of '${vm.name}', belongs to ${owner.model.name} on ${name}`)
    }
    for (const file of files) if (sees(states, file, name, target)) refuseForeignFile(states, file, known, name)
  }
}

const folderOf = (states: FleetStates<VmHost>, file: string, host: HostName) =>
  states.answered.get(host)?.folders.get(dirname(file))

/** Whether a file of one host is the same as that of another. */
function sees(states: FleetStates<VmHost>, file: string, host: HostName, other: HostName): boolean {
  const [one, two] = [folderOf(states, file, host), folderOf(states, file, other)]
  return host === other || (one !== undefined && one.storage === two?.storage)
}

/** The same, or nobody can tell. */
function maySee(states: FleetStates<VmHost>, file: string, host: HostName, other: HostName): boolean {
  const isLocal = [host, other].some((name) => folderOf(states, file, name)?.isLocal)
  return sees(states, file, host, other) || !isLocal
}

/** Refuses a file on a host that no journal of this storage has. */
function refuseForeignFile(states: FleetStates<VmHost>, file: string, known: Known, name: HostName): void {
  const ours = known.journals.some((j) => j.entry.files.includes(file) && sees(states, file, j.host, name))
  if (states.answered.get(name)?.files.has(file) && !ours)
    throw new ModuleFailure(`${file} is already on ${name}, and this fleet did not make it`, {
      hint: 'move it away, or choose another name or path',
    })
}
