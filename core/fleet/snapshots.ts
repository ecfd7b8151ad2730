import { deleteSnapshot as removeSnapshot } from '../libvirt/snapshot/delete.ts'
import type { ChosenSnapshot, SnapshotHost } from '../libvirt/snapshot/host.ts'
import { readSnapshot } from '../libvirt/snapshot/read.ts'
import { revertTo } from '../libvirt/snapshot/revert.ts'
import { escapeXml } from '../libvirt/xml/element.ts'
import { attempt, FleetError } from './errors.ts'
import type { FoundVm } from './fleet.ts'

export interface VmSnapshot {
  readonly name: string
  readonly parent: string | undefined
  readonly current: boolean
  /** Undefined where libvirt does not tell. */
  readonly created: Date | undefined
  /** The guest's, when it was made. */
  readonly state: string | undefined
  readonly kind: 'internal' | 'external'
  readonly description: string | undefined
}

export interface SnapshotRequest {
  readonly name: string
  readonly description?: string
  /** New images on top of the old ones, without the guest's memory; internal otherwise. */
  readonly external: boolean
  /** external: the agent freezes the file systems meanwhile. */
  readonly quiesce: boolean
}

/** Parents before their children. Raises FleetError. */
export async function listSnapshots({ host: { libvirt }, vm }: FoundVm): Promise<VmSnapshot[]> {
  return attempt(`read the snapshots of ${vm.name}@${vm.host}`, async () => {
    const [names, current] = await Promise.all([libvirt.snapshots(vm.uuid), libvirt.currentSnapshot(vm.uuid)])
    const found = await Promise.all(names.map((name) => libvirt.snapshotXml(vm.uuid, name)))
    return found.flatMap((xml) => (xml === undefined ? [] : [vmSnapshot(xml, current)]))
  })
}

/** From `<domainsnapshot>`. `current`: the name of the one that is. */
export function vmSnapshot(xml: string, current: string | undefined): VmSnapshot {
  const { name, parent, type, state, created, description } = readSnapshot(xml)
  return {
    name,
    parent,
    current: name === current,
    created: Number.isSafeInteger(created) && created > 0 && created < 8.64e12 ? new Date(created * 1000) : undefined,
    state: state || undefined,
    kind: type,
    description,
  }
}

/** Whether libvirt takes it for a file's name too, as it must. */
export const isSnapshotName = (name: string): boolean => name !== '' && !/[/\u0000-\u001f\u007f]|^[.-]/.test(name)

export async function createSnapshot({ host: { libvirt }, vm }: FoundVm, request: SnapshotRequest): Promise<void> {
  const { name, description, external, quiesce } = request
  await attempt(`snapshot ${vm.name}@${vm.host}`, async () => {
    if ((await libvirt.snapshots(vm.uuid)).includes(name))
      throw new FleetError('refused', `VM '${vm.name}' has a snapshot '${name}' already`)
    const text = description === undefined ? '' : `<description>${escapeXml(description)}</description>`
    const xml = `<domainsnapshot><name>${escapeXml(name)}</name>${text}</domainsnapshot>`
    await libvirt.createSnapshot(vm.uuid, xml, external ? { diskOnly: true, atomic: true, quiesce } : {})
    if (!(await libvirt.snapshots(vm.uuid)).includes(name))
      throw new FleetError('refused', `libvirt made no snapshot '${name}' of VM '${vm.name}', and did not say why`)
  })
}

/** The state that the VM is in after it. Refused where others stand on images that would be harmed. */
export async function revertSnapshot(
  found: FoundVm,
  name: string,
  next: { running?: boolean; paused?: boolean },
): Promise<{ state: string; reason?: string }> {
  const { host, vm } = found
  const { libvirt } = host
  return attempt(`revert ${vm.name}@${vm.host}`, async () => {
    const chosen = await chosenOf(found, name)
    await revertTo({ libvirt, read: (script, options) => host.run(script, options) }, chosen, next)
    const current = await libvirt.currentSnapshot(vm.uuid)
    if (current !== name)
      throw new FleetError('refused', `VM '${vm.name}' is not at '${name}' but at '${current ?? '-'}'`)
    return (await libvirt.domainState(vm.uuid)) ?? { state: 'gone' }
  })
}

/** What was written since an external one is merged into its base; `onMerging` is told what is at work, again and again. */
export async function deleteSnapshot(
  found: FoundVm,
  name: string,
  { children, onMerging }: { children: boolean; onMerging: (message: string) => void },
): Promise<void> {
  const { host, vm } = found
  const { libvirt } = host
  await attempt(`delete snapshot '${name}' of ${vm.name}@${vm.host}`, async () => {
    const chosen = await chosenOf(found, name)
    const there: SnapshotHost = {
      libvirt,
      read: (script, options) => host.run(script, options),
      run: (script) => host.run(script, { timeoutMs: 0, shielded: true }),
      progress: onMerging,
    }
    await removeSnapshot(there, chosen, { children })
    if ((await libvirt.snapshots(vm.uuid)).includes(name))
      throw new FleetError('refused', `snapshot '${name}' of VM '${vm.name}' is still there`)
  })
}

async function chosenOf({ host: { libvirt }, vm }: FoundVm, name: string): Promise<ChosenSnapshot> {
  const xml = await libvirt.snapshotXml(vm.uuid, name)
  if (xml === undefined) throw new FleetError('unknown', `VM '${vm.name}' has no snapshot '${name}' any more`)
  return { domain: vm.name, uuid: vm.uuid, snapshot: readSnapshot(xml) }
}

/** The snapshot of that name. Raises FleetError where there is none. */
export async function findSnapshot(found: FoundVm, name: string): Promise<VmSnapshot> {
  const all = await listSnapshots(found)
  const snapshot = all.find((one) => one.name === name)
  if (snapshot) return snapshot
  const names = all.map((one) => one.name).join(', ')
  throw new FleetError('unknown', `VM '${found.vm.name}' has no snapshot '${name}'`, {
    hint: names === '' ? 'it has none' : `it has ${names}`,
  })
}
