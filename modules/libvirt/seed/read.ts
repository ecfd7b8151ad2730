import { SECTOR } from './fields.ts'
import type { SeedFile } from './image.ts'

/** More is no seed of ours. */
const MOST_FILES = 200
const JOLIET = 17

/**
 * The files of a CD that seedImage made, by its Joliet tree; undefined for anything else. The bytes are a host's: nothing outside
 * of them is read, however the numbers lie.
 */
export function readSeed(image: Buffer): SeedFile[] | undefined {
  const descriptor = image.subarray(JOLIET * SECTOR, (JOLIET + 1) * SECTOR)
  if (descriptor.length < SECTOR || descriptor.toString('latin1', 0, 6) !== '\x02CD001') return undefined
  const folder = extent(image, descriptor.readUInt32LE(158), descriptor.readUInt32LE(166))
  if (!folder) return undefined
  const files: SeedFile[] = []
  for (let at = 0; at < folder.length; ) {
    const length = folder[at]!
    if (length === 0) {
      at = (Math.floor(at / SECTOR) + 1) * SECTOR
      continue
    }
    const record = folder.subarray(at, at + length)
    if (length < 34 || record.length < length || 33 + record[32]! > length) return undefined
    at += length
    const name = record.subarray(33, 33 + record[32]!)
    if (name.length < 2) continue
    const content = extent(image, record.readUInt32LE(2), record.readUInt32LE(10))
    if (!content || name.length % 2 !== 0 || files.length >= MOST_FILES) return undefined
    files.push({ name: Buffer.from(name).swap16().toString('utf16le'), content })
  }
  return files
}

function extent(image: Buffer, sector: number, size: number): Buffer | undefined {
  if (size === 0) return Buffer.alloc(0)
  const start = sector * SECTOR
  return start + size > image.length ? undefined : image.subarray(start, start + size)
}
