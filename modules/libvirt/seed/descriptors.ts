import { NO_DATE, VOLUME_DATE } from './dates.ts'
import { both16, both32, padded, paddedUcs2, SECTOR } from './fields.ts'
import { folderRecord } from './folder.ts'

/** One of the two trees of an image: plain with Rock Ridge, or Joliet. */
export interface Tree {
  readonly joliet: boolean
  readonly label: string
  /** Sectors of the whole image. */
  readonly sectors: number
  readonly root: { readonly sector: number; readonly size: number }
  /** First sectors of the path table in both byte orders. */
  readonly pathTable: { readonly little: number; readonly big: number }
}

/** Bytes of a path table that knows only the root. */
export const PATH_TABLE_SIZE = 10

/** The path table of a root (ECMA-119, 9.4), of either byte order. */
export function pathTable(root: number, order: 'little' | 'big'): Buffer {
  const table = Buffer.alloc(PATH_TABLE_SIZE)
  table[0] = 1
  if (order === 'little') {
    table.writeUInt32LE(root, 2)
    table.writeUInt16LE(1, 6)
  } else {
    table.writeUInt32BE(root, 2)
    table.writeUInt16BE(1, 6)
  }
  return table
}

const number32 = (value: number, order: 'little' | 'big'): Buffer => {
  const field = Buffer.alloc(4)
  if (order === 'little') field.writeUInt32LE(value)
  else field.writeUInt32BE(value)
  return field
}

/** Joliet level 3: UCS-2 with all that a name may have. */
const ESCAPES = Buffer.concat([Buffer.from('%/E', 'latin1')], 32)

/** A primary (ECMA-119, 8.4) or supplementary (8.5) volume descriptor. */
export function volumeDescriptor(tree: Tree): Buffer {
  const text = tree.joliet ? paddedUcs2 : padded
  const { root, pathTable: table } = tree
  const parts = [
    Buffer.from([tree.joliet ? 2 : 1]),
    Buffer.from('CD001\x01\0', 'latin1'),
    text('', 32),
    text(tree.label, 32),
    Buffer.alloc(8),
    both32(tree.sectors),
    tree.joliet ? ESCAPES : Buffer.alloc(32),
    both16(1),
    both16(1),
    both16(SECTOR),
    both32(PATH_TABLE_SIZE),
    number32(table.little, 'little'),
    number32(0, 'little'),
    number32(table.big, 'big'),
    number32(0, 'big'),
    folderRecord({ name: Buffer.from([0]), folder: true, ...root }),
    // Set, publisher, preparer, application; names of three files.
    ...[128, 128, 128, 128, 37, 37, 37].map((width) => Buffer.concat([text('', width - (width % 2))], width)),
    VOLUME_DATE,
    VOLUME_DATE,
    NO_DATE,
    NO_DATE,
    Buffer.from([1]),
  ]
  return Buffer.concat(parts, SECTOR)
}

/** What ends the descriptors (ECMA-119, 8.3). */
export const endOfDescriptors = (): Buffer => Buffer.concat([Buffer.from('\xffCD001\x01', 'latin1')], SECTOR)
