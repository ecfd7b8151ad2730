import { child, childrenOf, escapeXml, parseXml } from '../libvirt/xml/element.ts'
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
    return found.flatMap((xml) => (xml === undefined ? [] : [readSnapshot(xml, current)]))
  })
}

/** Reads `<domainsnapshot>`. */
export function readSnapshot(xml: string, current: string | undefined): VmSnapshot {
  const root = parseXml(xml)
  const text = (...path: string[]): string | undefined => child(root, ...path)?.text || undefined
  const seconds = Number(text('creationTime'))
  const places = [child(root, 'memory'), ...childrenOf(child(root, 'disks'), 'disk')]
  const name = text('name') ?? ''
  return {
    name,
    parent: text('parent', 'name'),
    current: name === current,
    created: Number.isSafeInteger(seconds) && seconds > 0 && seconds < 8.64e12 ? new Date(seconds * 1000) : undefined,
    state: text('state'),
    kind: places.some((one) => one?.attributes.snapshot === 'external') ? 'external' : 'internal',
    description: text('description'),
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

/** The state that the VM is in after it. */
export async function revertSnapshot(
  { host: { libvirt }, vm }: FoundVm,
  name: string,
  then: { running?: boolean; paused?: boolean },
): Promise<{ state: string; reason?: string }> {
  return attempt(`revert ${vm.name}@${vm.host}`, async () => {
    await libvirt.revertSnapshot(vm.uuid, name, then)
    const current = await libvirt.currentSnapshot(vm.uuid)
    if (current !== name)
      throw new FleetError('refused', `VM '${vm.name}' is not at '${name}' but at '${current ?? '-'}'`)
    return (await libvirt.domainState(vm.uuid)) ?? { state: 'gone' }
  })
}

export async function deleteSnapshot(
  { host: { libvirt }, vm }: FoundVm,
  name: string,
  options: { children: boolean },
): Promise<void> {
  await attempt(`delete snapshot '${name}' of ${vm.name}@${vm.host}`, async () => {
    await libvirt.deleteSnapshot(vm.uuid, name, options)
    if ((await libvirt.snapshots(vm.uuid)).includes(name))
      throw new FleetError('refused', `snapshot '${name}' of VM '${vm.name}' is still there`)
  })
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
