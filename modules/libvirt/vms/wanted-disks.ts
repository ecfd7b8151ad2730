import { join } from 'node:path'
import { ModuleFailure } from '../../../core/module/types.ts'
import type { DiskArgs, Override, VmsArgs } from './args.ts'
import { bytes } from './bytes.ts'

/** A disk of a VM, as the task declares it. */
export interface WantedDisk {
  /** Its place: vda, vdb … */
  readonly target: string
  /** A qcow2 image on the host. */
  readonly file: string
  readonly base: { readonly file: string; readonly format: 'qcow2' | 'raw' } | undefined
  /** What the task says, in bytes; a disk that is there is held to nothing else. */
  readonly size: bigint | undefined
  readonly cache: string | undefined
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'

/** The first one is named after the VM alone. Raises ModuleFailure. */
export function wantedDisks(args: VmsArgs, own: Override | undefined, name: string): WantedDisk[] {
  const said = own?.disks ?? args.disks ?? [undefined]
  if (said.length > LETTERS.length)
    throw new ModuleFailure(`'${name}' would have ${said.length} disks: more than vd${LETTERS.at(-1)}`)
  const isOwn = own?.disks !== undefined
  return said.map((disk, i) => {
    const target = `vd${LETTERS[i]}`
    // What the list itself says of the first disk comes before what stands beside it, but not before what one VM has of its own.
    const beside = i === 0 ? (own?.disk_size ?? (disk?.size === undefined ? args.disk_size : undefined)) : undefined
    const size = isOwn ? (disk?.size ?? beside) : (beside ?? disk?.size)
    return {
      target,
      file: join(disk?.path ?? args.path, `${i === 0 ? name : `${name}-${target}`}.qcow2`),
      base: baseOf(args, own, disk, i),
      // A disk has whole sectors: qemu-img rounds up, and so would the next run find it too large.
      size: size === undefined ? undefined : sectors(bytes(`size of ${target}`, size)),
      cache: disk?.cache,
    }
  })
}

const sectors = (size: bigint): bigint => ((size + 511n) / 512n) * 512n

function baseOf(
  args: VmsArgs,
  own: Override | undefined,
  disk: DiskArgs | undefined,
  index: number,
): WantedDisk['base'] {
  const listed = disk?.base === undefined ? undefined : { file: disk.base, format: disk.base_format }
  if (index > 0) return listed
  const ownBase = own?.base === undefined ? undefined : { file: own.base, format: own.base_format ?? 'qcow2' }
  const general =
    args.base === undefined ? undefined : { file: args.base, format: own?.base_format ?? args.base_format }
  return own?.disks === undefined ? (ownBase ?? listed ?? general) : (listed ?? ownBase ?? general)
}
