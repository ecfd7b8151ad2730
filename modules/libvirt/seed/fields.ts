/*
 * Fields of ISO 9660 (ECMA-119) and of its extensions: numbers in both byte orders, names in UCS-2.
 */

/** Bytes of a sector; all that has a place on the image begins with one. */
export const SECTOR = 2048

/** A number of 16 bits in both byte orders (ECMA-119, 7.2.3). */
export function both16(value: number): Buffer {
  const field = Buffer.alloc(4)
  field.writeUInt16LE(value, 0)
  field.writeUInt16BE(value, 2)
  return field
}

/** A number of 32 bits in both byte orders (ECMA-119, 7.3.3). */
export function both32(value: number): Buffer {
  const field = Buffer.alloc(8)
  field.writeUInt32LE(value, 0)
  field.writeUInt32BE(value, 4)
  return field
}

/** Text of a fixed width, filled with blanks. */
export const padded = (text: string, width: number): Buffer =>
  Buffer.from(text.slice(0, width).padEnd(width, ' '), 'latin1')

/** The same in UCS-2, high byte first, as Joliet has it; `width` is in bytes. */
export const paddedUcs2 = (text: string, width: number): Buffer => ucs2(text.slice(0, width >> 1).padEnd(width >> 1))

/** UCS-2, high byte first. */
export const ucs2 = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16()

/** Sectors that so many bytes take. */
export const sectorsOf = (bytes: number): number => Math.ceil(bytes / SECTOR)

/** Bytes up to the end of their last sector. */
export function toSectors(bytes: Buffer): Buffer {
  return Buffer.concat([bytes], sectorsOf(bytes.length) * SECTOR)
}
