import type { z } from 'zod'
import { parseSize } from '../../../../core/libvirt/xml/units.ts'
import { arg } from '../../../../core/module/arg.ts'
import { ModuleFailure } from '../../../../core/module/types.ts'

/** Formats that qemu-img reads a volume from; it is always told which. */
export const SOURCE_FORMATS = ['qcow2', 'raw', 'vmdk', 'vdi', 'vhdx', 'vpc'] as const
export type SourceFormat = (typeof SOURCE_FORMATS)[number]

/** Arguments of libvirt_volume. */
export const volumeArgs = arg
  .object({
    pool: arg.name().describe('Name of the pool, which must be active.'),
    name: arg
      .name()
      .refine((text) => !/[/\u0000-\u001f\u007f]|^\.{1,2}$/.test(text), { message: 'is no name of a volume' })
      .describe('Name of the volume.'),
    state: arg.choice('present', 'absent').default('present'),
    capacity: arg
      .str()
      .optional()
      .describe(
        'Virtual size, such as 20G; a new volume needs it, unless it gets backing, from or src. Grown, never shrunk unless allow_shrink.',
      ),
    allow_shrink: arg
      .bool()
      .default(false)
      .describe('Shrink a larger volume: what is behind the new end is lost. Never one that a running machine has.'),
    format: arg
      .choice('qcow2', 'raw')
      .optional()
      .describe(
        'Format of the volume; another one on disk is refused. Default of a new one: qcow2, but raw in a pool of block devices and for a name that ends in .raw or .iso.',
      ),
    backing: arg.path().optional().describe('Base image: the new volume holds only what differs from it.'),
    backing_format: arg
      .choice('qcow2', 'raw')
      .default('qcow2')
      .describe('Format of the base image; always written down.'),
    from: arg
      .name()
      .optional()
      .describe(
        'What a new volume is a copy of, converted where the formats differ: a path on the host, or a volume of the same pool. It stays as it is.',
      ),
    from_pool: arg.name().optional().describe('Pool of the volume in from.'),
    from_format: arg
      .choice(...SOURCE_FORMATS)
      .optional()
      .describe(
        'Format of from or src. Default: what the machine says that has it as a disk, else raw of a block device, else by the end of its name (.qcow2, .raw, .iso, .vmdk, .vdi, .vhdx, .vhd). Never guessed from the content, which a guest may have written.',
      ),
    compressed: arg.bool().default(false).describe('With from or src: compress what is written; qcow2 only.'),
    src: arg
      .name()
      .optional()
      .describe(
        'File of the controller that a new volume gets its content from: checked as a whole, holes stay holes.',
      ),
    force: arg
      .bool()
      .default(false)
      .describe(
        'With src, where nothing is converted: a volume with another content is replaced, unless something needs it. Otherwise its content is only written once.',
      ),
    dest: arg
      .path()
      .optional()
      .describe('File of the controller that gets the content of the volume, compared by checksum.'),
  })
  .refine((a) => [a.from, a.src, a.backing].filter((one) => one !== undefined).length <= 1, {
    message: 'from, src and backing exclude one another',
  })
  .refine((a) => !a.compressed || (a.format !== 'raw' && (a.from ?? a.src) !== undefined), {
    message: 'compressed needs from or src, and the format qcow2',
  })
  .refine((a) => a.from_pool === undefined || a.from?.startsWith('/') === false, {
    message: 'from_pool goes with the name of a volume in from',
  })
  .refine((a) => !a.force || a.src !== undefined, { message: 'force goes with src' })
export type VolumeArgs = z.output<typeof volumeArgs>

/** In bytes. Raises ModuleFailure for what is no size. */
export function wantedCapacity(a: VolumeArgs): bigint | undefined {
  if (a.capacity === undefined) return undefined
  const size = parseSize(a.capacity)
  if (size === undefined || size <= 0n)
    throw new ModuleFailure(`capacity '${a.capacity}' is not a size`, { hint: 'such as 20G or 512MiB' })
  return size
}

/** Format of the volume that is made. */
export const newFormat = (a: VolumeArgs, blocks: boolean): 'qcow2' | 'raw' =>
  a.format ?? (blocks || (!a.compressed && /\.(?:raw|iso)$/i.test(a.name)) ? 'raw' : 'qcow2')

const BY_NAME: readonly (readonly [RegExp, SourceFormat])[] = [
  [/^\/dev\//, 'raw'],
  // The data of a VMDK in two files; the other one is a text about it.
  [/-flat\.vmdk$/i, 'raw'],
  [/\.(?:raw|iso)$/i, 'raw'],
  [/\.qcow2$/i, 'qcow2'],
  [/\.vmdk$/i, 'vmdk'],
  [/\.vdi$/i, 'vdi'],
  [/\.vhdx$/i, 'vhdx'],
  [/\.vhd$/i, 'vpc'],
]

/** The format that a file's name tells; undefined where it tells none. */
export const formatByName = (name: string): SourceFormat | undefined =>
  BY_NAME.find(([pattern]) => pattern.test(name))?.[1]
