/** A file in the root of an initial RAM disk. */
export interface RamFile {
  readonly name: string
  readonly content: Buffer
}

/** 2000-01-01, as everywhere: the same files are the same bytes. */
const TIME = 946_684_800
const padding = (length: number): Buffer => Buffer.alloc((4 - (length % 4)) % 4)
const hex = (value: number): string => value.toString(16).padStart(8, '0')

/**
 * An archive as the kernel unpacks it (cpio, "newc": Linux' Documentation/driver-api/early-userspace/buffer-format.rst). Behind another
 * one that ends at a multiple of four bytes, it adds its files to that one's.
 */
export function ramArchive(files: readonly RamFile[]): Buffer {
  const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1))
  const entries = sorted.map(({ name, content }, i) => entry(name, content, i + 1, 0o100644))
  return Buffer.concat([...entries, entry('TRAILER!!!', Buffer.alloc(0), 0, 0)])
}

function entry(name: string, content: Buffer, inode: number, mode: number): Buffer {
  const label = Buffer.from(`${name}\0`)
  // Inode, mode, user, group, links, time, size, two numbers of the device, two of the special file, length of the name, checksum.
  const fields = [inode, mode, 0, 0, 1, TIME, content.length, 0, 0, 0, 0, label.length, 0]
  const head = Buffer.concat([Buffer.from(`070701${fields.map(hex).join('')}`), label])
  return Buffer.concat([head, padding(head.length), content, padding(content.length)])
}
