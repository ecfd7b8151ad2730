import type { FleetVm, HostAnswer } from '../../fleet/vms.ts'
import { byNameAndHost, duplicates, isSilent, type SilentHost } from '../../fleet/vms.ts'
import { type Column, memoryText, tableLines } from './print.ts'

/** A row of `vm list`. */
export interface ListedVm extends FleetVm {
  /** The name is on other hosts too. */
  readonly duplicate: boolean
  /** Undefined where they were not asked for. */
  readonly addresses?: readonly string[]
}

/** The fleet as `vm list` shows it. */
export interface FleetView {
  readonly vms: readonly ListedVm[]
  readonly silent: readonly SilentHost[]
  /** Hosts that have no libvirt, and so no VMs. */
  readonly withoutLibvirt: readonly string[]
}

/** All answers as one list, by name; `wanted` takes VMs by name, duplicates are told among all. */
export function viewOf(
  answers: readonly HostAnswer[],
  wanted: (name: string) => boolean = () => true,
  addresses?: ReadonlyMap<FleetVm, readonly string[]>,
): FleetView {
  const all = answers.flatMap((one) => (isSilent(one) ? [] : one.vms))
  const several = duplicates(all)
  const shown = all.filter((vm) => wanted(vm.name)).sort(byNameAndHost)
  return {
    vms: shown.map((vm) => {
      const found = addresses && { addresses: addresses.get(vm) ?? [] }
      return { ...vm, duplicate: several.has(vm.name), ...found }
    }),
    silent: answers.filter(isSilent),
    withoutLibvirt: answers.flatMap((one) => (!isSilent(one) && !one.libvirt ? [one.host] : [])),
  }
}

/** Reasons that go without saying. */
const USUAL = ['unknown', 'user', 'booted', 'shutdown', 'destroyed', 'unpaused', 'migrated']

/** `paused (ioerror)`: the reason where it tells something. */
export const stateText = ({ state, reason }: { state: string; reason: string }): string =>
  USUAL.includes(reason) ? state : `${state} (${reason})`

const COLUMNS: readonly Column<ListedVm>[] = [
  { title: 'NAME', cell: (vm) => (vm.duplicate ? `${vm.name} *` : vm.name) },
  { title: 'HOST', cell: (vm) => vm.host },
  { title: 'STATE', cell: stateText },
  { title: 'VCPUS', right: true, cell: (vm) => (vm.vcpus === undefined ? '-' : String(vm.vcpus)) },
  { title: 'MEMORY', right: true, cell: (vm) => memoryText(vm.memoryKiB) },
  { title: 'AUTOSTART', cell: (vm) => (vm.autostart ? 'yes' : 'no') },
]
const ADDRESS: Column<ListedVm> = { title: 'IP', cell: (vm) => vm.addresses?.join(' ') || '-' }

/** The table's lines. */
export function listLines({ vms }: FleetView): string[] {
  const asked = vms.some((vm) => vm.addresses !== undefined)
  return tableLines(asked ? [...COLUMNS, ADDRESS] : COLUMNS, vms)
}

/** What stands below the table: what `*` means, and hosts that cannot be in it. */
export function noteLines({ vms, silent, withoutLibvirt }: FleetView): string[] {
  return [
    ...(vms.some((vm) => vm.duplicate) ? ['* on several hosts: name it name@host'] : []),
    ...(withoutLibvirt.length > 0 ? [`no libvirt: ${withoutLibvirt.join(', ')}`] : []),
    ...silent.map(
      (one) => `no answer from ${one.host}: ${one.silent}${one.hint === undefined ? '' : ` (${one.hint})`}`,
    ),
  ]
}

/** The table and what stands below it, no higher than that many lines: rows are left out, and how many is said. */
export function fittedLines(view: FleetView, rows: number): string[] {
  const [table, notes] = [listLines(view), noteLines(view)]
  const room = Math.max(2, rows - notes.length)
  if (table.length <= room) return [...table, ...notes]
  return [...table.slice(0, room - 1), `… and ${table.length - room + 1} more`, ...notes]
}

/** `--output json`; docs/guide/vm.md describes it. */
export function listDocument({ vms, silent, withoutLibvirt }: FleetView): object {
  return {
    vms: vms.map((vm) => ({ ...vmDocument(vm), duplicate: vm.duplicate, addresses: vm.addresses })),
    silent: silent.map(({ host, silent: reason, hint }) => ({ host, reason, hint })),
    without_libvirt: withoutLibvirt,
  }
}

/** One VM as JSON. */
export function vmDocument(vm: FleetVm): object {
  return {
    name: vm.name,
    host: vm.host,
    uuid: vm.uuid,
    state: vm.state,
    reason: vm.reason,
    vcpus: vm.vcpus ?? null,
    memory_kib: vm.memoryKiB ?? null,
    autostart: vm.autostart,
    persistent: vm.persistent,
    managed_save: vm.managedSave,
  }
}
