import type { VmDetails } from '../../fleet/details.ts'
import type { Display } from '../../fleet/display.ts'
import type { FleetVm } from '../../fleet/vms.ts'
import type { DomainDisk, DomainNic } from '../../libvirt/xml/domain.ts'
import { stateText, vmDocument } from './list-view.ts'
import { type Column, fieldLines, memoryText, tableLines } from './print.ts'

const DISKS: readonly Column<DomainDisk>[] = [
  { title: 'DISK', cell: (disk) => disk.target },
  { title: 'DEVICE', cell: (disk) => disk.device },
  { title: 'FORMAT', cell: (disk) => disk.format ?? '-' },
  { title: 'SOURCE', cell: (disk) => disk.source ?? '-' },
]
const NICS: readonly Column<DomainNic>[] = [
  { title: 'NIC', cell: (nic) => nic.mac ?? '-' },
  { title: 'TYPE', cell: (nic) => nic.type },
  { title: 'SOURCE', cell: (nic) => nic.source ?? '-' },
]

/** `vm show` for people. */
export function showLines(vm: FleetVm, { model, displays, snapshots }: VmDetails): string[] {
  const yes = (on: boolean): string => (on ? 'yes' : 'no')
  const lines = fieldLines([
    ['name', vm.name],
    ['host', vm.host],
    ['uuid', vm.uuid],
    ['state', stateText(vm)],
    ['vcpus', String(vm.vcpus ?? model.vcpus)],
    ['memory', memoryText(vm.memoryKiB ?? model.memoryKiB)],
    ['machine', model.machine],
    ['cpu', model.cpuMode],
    ['autostart', yes(vm.autostart)],
    ['persistent', yes(vm.persistent)],
    ['saved', vm.managedSave ? 'yes: the next start goes on from there' : undefined],
    ['nvram', model.nvram],
    ['tpm', model.tpm ? 'yes' : undefined],
    ['display', displays.map(displayText).join('; ')],
    ['snapshots', snapshots.join(', ')],
  ])
  if (model.disks.length > 0) lines.push('', ...tableLines(DISKS, model.disks))
  if (model.nics.length > 0) lines.push('', ...tableLines(NICS, model.nics))
  return lines
}

function displayText({ type, at, password }: Display): string {
  const place = 'socketPath' in at ? at.socketPath : `${at.host}:${at.port}`
  return `${type} at ${place}${password ? ', with a password' : ''}`
}

/** `vm show --output json`; docs/guide/vm.md describes it. */
export function showDocument(vm: FleetVm, { model, displays, snapshots }: VmDetails): object {
  return {
    ...vmDocument(vm),
    machine: model.machine ?? null,
    cpu: model.cpuMode ?? null,
    nvram: model.nvram ?? null,
    tpm: model.tpm,
    disks: model.disks.map(({ target, device, type, source, format, readonly, shareable }) => {
      return { target, device, type, source: source ?? null, format: format ?? null, readonly, shareable }
    }),
    interfaces: model.nics.map(({ mac, type, source }) => ({ mac: mac ?? null, type, source: source ?? null })),
    displays: displays.map(({ type, at, tls, password }) => ({ type, ...at, tls, password })),
    snapshots,
  }
}
