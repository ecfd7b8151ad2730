import type { DomainCondition, DomainSummary } from '../../libvirt/types.ts'
import type { DomainDisk, DomainModel } from '../../libvirt/xml/domain.ts'
import { child } from '../../libvirt/xml/element.ts'

/** What is known of a VM before it is deleted. */
export interface RemovalFacts {
  readonly vm: DomainSummary & { readonly host: string }
  readonly condition: DomainCondition
  /** Its persistent definition, or the live one of a transient VM; and the live one while it runs. */
  readonly models: readonly DomainModel[]
  readonly snapshots: readonly string[]
  readonly checkpoints: readonly string[]
  /** By path; undefined where nobody looked, because no disk is to go. */
  readonly uses: ReadonlyMap<string, DiskUse> | undefined
}

/** Why a disk's file must stay, or where it is found if nothing speaks against its removal. */
export type DiskUse =
  | { readonly keep: string }
  | {
      readonly pool?: string
      readonly volume?: string /** What it is on top of. */
      readonly bases?: readonly string[]
    }

export interface DoomedDisk {
  readonly target: string
  readonly path: string
  /** The volume it is to libvirt, if it is one. */
  readonly volume?: { readonly pool: string; readonly name: string }
}

/** What goes and what stays. */
export interface RemovalPlan {
  readonly running: boolean
  readonly persistent: boolean
  readonly state: string
  readonly managedSave: boolean
  readonly snapshots: readonly string[]
  readonly nvram: string | undefined
  readonly tpm: boolean
  /** Flags of `virsh undefine`. */
  readonly flags: readonly string[]
  readonly deletes: readonly DoomedDisk[]
  readonly keeps: readonly { readonly target: string; readonly path: string; readonly why: string }[]
}

/** A file, once, that is a disk's and nobody else's by the definition alone; a reason otherwise. */
export function ownReason(disk: DomainDisk): string | undefined {
  if (disk.device === 'cdrom' || disk.device === 'floppy') return `it is in a ${disk.device} drive`
  if (disk.type !== 'file') return `it is not a file but a ${disk.type} disk`
  if (/\.iso$/i.test(disk.source ?? '')) return 'it is an ISO image'
  if (disk.readonly) return 'it is read-only'
  if (disk.shareable) return 'it is shared (shareable)'
  return undefined
}

/** Every disk with a source, once, of all the definitions. */
export function disksOf(models: readonly DomainModel[]): DomainDisk[] {
  const bySource = new Map<string, DomainDisk>()
  for (const disk of models.flatMap((model) => model.disks)) {
    const known = disk.source === undefined ? undefined : bySource.get(disk.source)
    // The same file twice: the stricter use counts.
    if (disk.source !== undefined && (!known || ownReason(known) === undefined)) bySource.set(disk.source, disk)
  }
  return [...bySource.values()]
}

/** Pure: the same facts give the same plan. */
export function removalPlan(facts: RemovalFacts): RemovalPlan {
  const { vm, condition, models, snapshots, checkpoints, uses } = facts
  const [model] = models
  const os = model && child(model.xml, 'os')
  const firmware =
    os?.attributes.firmware === 'efi' || ['nvram', 'loader'].some((name) => child(os, name) !== undefined)
  const deletes: DoomedDisk[] = []
  const keeps: { target: string; path: string; why: string }[] = []
  const bases: typeof keeps = []
  for (const disk of disksOf(models)) {
    const path = disk.source ?? ''
    const use = uses?.get(path)
    const why = ownReason(disk) ?? (uses === undefined ? 'only --disks deletes it' : keepReason(use))
    if (why !== undefined) keeps.push({ target: disk.target, path, why })
    else {
      deletes.push({ target: disk.target, path, ...volumeOf(use) })
      for (const base of basesOf(use))
        bases.push({ target: disk.target, path: base, why: `a base image: ${path} is on top of it` })
    }
  }
  return {
    running: condition.state !== 'shut off' && condition.state !== 'crashed',
    persistent: vm.persistent,
    state: condition.state,
    managedSave: vm.managedSave,
    snapshots,
    nvram: model?.nvram,
    tpm: model?.tpm ?? false,
    // Only what the domain has: older versions refuse flags they do not know.
    flags: [
      ...(vm.managedSave ? ['--managed-save'] : []),
      ...(snapshots.length > 0 ? ['--snapshots-metadata'] : []),
      ...(checkpoints.length > 0 ? ['--checkpoints-metadata'] : []),
      ...(firmware ? ['--nvram'] : []),
      ...(model?.tpm ? ['--tpm'] : []),
    ],
    deletes,
    keeps: [...keeps, ...bases.filter((base) => !deletes.some((disk) => disk.path === base.path))],
  }
}

/** What nobody told of stays. */
function keepReason(use: DiskUse | undefined): string | undefined {
  if (use === undefined) return 'who uses it is not known'
  return 'keep' in use ? use.keep : undefined
}

const basesOf = (use: DiskUse | undefined): readonly string[] => (use && 'bases' in use ? (use.bases ?? []) : [])

function volumeOf(use: DiskUse | undefined): { volume?: { pool: string; name: string } } {
  if (!use || 'keep' in use || use.pool === undefined || use.volume === undefined) return {}
  return { volume: { pool: use.pool, name: use.volume } }
}
