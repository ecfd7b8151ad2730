import { RECORD_DATE } from './dates.ts'
import { both16, both32, SECTOR, sectorsOf } from './fields.ts'

/** A file or folder as one of the two trees names it. */
export interface FolderEntry {
  /** Level 1 or UCS-2; one byte 0 or 1 for the folder itself and the one above it. */
  readonly name: Buffer
  readonly folder: boolean
  /** First sector, and size in bytes. */
  readonly sector: number
  readonly size: number
  /** Entries of Rock Ridge. */
  readonly extra?: Buffer
}

/** A directory record (ECMA-119, 9.1). */
export function folderRecord({ name, folder, sector, size, extra = Buffer.alloc(0) }: FolderEntry): Buffer {
  const evenName = name.length % 2 === 0 ? Buffer.concat([name, Buffer.alloc(1)]) : name
  const length = 33 + evenName.length + extra.length
  const record = Buffer.concat([
    Buffer.from([length + (length % 2), 0]),
    both32(sector),
    both32(size),
    RECORD_DATE,
    Buffer.from([folder ? 2 : 0, 0, 0]),
    both16(1),
    Buffer.from([name.length]),
    evenName,
    extra,
  ])
  return Buffer.concat([record], length + (length % 2))
}

/** A folder's records, none of them across the border of two sectors; filled up to the end of the last one. */
export function folderContent(entries: readonly FolderEntry[]): Buffer {
  const parts: Buffer[] = []
  let used = 0
  for (const record of entries.map(folderRecord)) {
    const left = SECTOR - (used % SECTOR)
    const gap = record.length > left ? left : 0
    parts.push(Buffer.alloc(gap), record)
    used += gap + record.length
  }
  return Buffer.concat(parts, sectorsOf(used) * SECTOR)
}
