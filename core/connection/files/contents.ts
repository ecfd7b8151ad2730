import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { identityOf } from './identity.ts'

/** Contents of the controller's files that are kept for the next host, in bytes altogether. */
const MOST_KEPT = 64 * 1024 * 1024
/** What is compressed before it is sent; less is one packet or two. */
const LEAST_COMPRESSED = 16 * 1024
/** What shrinks less than this is sent as it is. */
const SHRINKS = 0.8

const compress = promisify(gzip)
const kept = new Map<string, { content: Promise<Buffer>; size: number }>()
let keptBytes = 0

/** A file of the controller; the same Buffer for all who ask as long as the file is the same. It must not be written to. */
export async function readContent(path: string): Promise<Buffer> {
  const { key, size } = identityOf(path)
  const known = key === undefined ? undefined : kept.get(key)
  if (known) return known.content
  const content = readFile(path)
  if (key === undefined || size > MOST_KEPT / 4) return content
  for (const [other, { size: freed }] of kept) {
    if (keptBytes + size <= MOST_KEPT) break
    kept.delete(other)
    keptBytes -= freed
  }
  const entry = { content, size }
  kept.set(key, entry)
  keptBytes += size
  content.catch(() => {
    if (kept.get(key) !== entry) return
    kept.delete(key)
    keptBytes -= size
  })
  return content
}

/** Hexadecimal checksums, each computed when it is first read. */
export interface Digests {
  readonly sha256: string
  readonly sha1: string
  readonly md5: string
}

const digests = new WeakMap<Buffer, Digests>()

/** Checksums of a content, computed once however many hosts get it. */
export function digestsOf(content: Buffer): Digests {
  const known = digests.get(content)
  if (known) return known
  const found = new Map<string, string>()
  const digest = (algorithm: string): string => {
    const value = found.get(algorithm) ?? createHash(algorithm).update(content).digest('hex')
    found.set(algorithm, value)
    return value
  }
  const lazy: Digests = {
    get sha256() {
      return digest('sha256')
    },
    get sha1() {
      return digest('sha1')
    },
    get md5() {
      return digest('md5')
    },
  }
  digests.set(content, lazy)
  return lazy
}

const compressed = new WeakMap<Buffer, Promise<Buffer | undefined>>()

/** The content as gzip makes it, once however many hosts get it; undefined where that saves little. */
export function compressedContent(content: Buffer): Promise<Buffer | undefined> {
  const known = compressed.get(content)
  if (known) return known
  const packed =
    content.length < LEAST_COMPRESSED
      ? Promise.resolve(undefined)
      : compress(content).then((bytes) => (bytes.length <= content.length * SHRINKS ? bytes : undefined))
  compressed.set(content, packed)
  return packed
}
