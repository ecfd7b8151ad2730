import { ModuleFailure } from '../../../core/module/types.ts'
import type { Override, VmsArgs } from './args.ts'
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
  return said.map((disk, i) => {
    const target = `vd${LETTERS[i]}`
    const folder = (disk?.path ?? args.path).replace(/\/+$/, '')
    const size = disk?.size ?? (i === 0 ? (own?.disk_size ?? args.disk_size) : undefined)
    return {
      target,
      file: `${folder}/${i === 0 ? name : `${name}-${target}`}.qcow2`,
      base:
        disk?.base === undefined
          ? i === 0
            ? firstBase(args, own)
            : undefined
          : { file: disk.base, format: disk.base_format },
      size: size === undefined ? undefined : bytes(disk?.size === undefined ? 'disk_size' : `size of ${target}`, size),
      cache: disk?.cache,
    }
  })
}

function firstBase(args: VmsArgs, own: Override | undefined): WantedDisk['base'] {
  const file = own?.base ?? args.base
  return file === undefined ? undefined : { file, format: own?.base_format ?? args.base_format }
}
