import { createHash, type Hash } from 'node:crypto'
import { open } from 'node:fs/promises'
import pLimit from 'p-limit'
import { type Sample, sampleOf } from './compression.ts'
import { identityOf } from './identity.ts'
import { BLOCK, type Run, RunPlanner } from './runs.ts'

/** The checksum of the file up to every multiple of this is kept: what a broken upload has brought is checked against it. */
export const PREFIX_STEP = 4 * 1024 * 1024
/** From this size on a file is not read into memory. */
export const LARGE_FILE = 4 * 1024 * 1024
/** Files are read in pieces of this many bytes, whoever they are sent to. */
const PIECE = 512 * 1024
/** Files whose checksums are kept. */
const MOST_KNOWN = 500
/** Files that are read for their checksum at once. */
const READERS = 2
/** Between two words about how far it is. */
const PAUSE_MS = 500
const ZEROS = Buffer.alloc(BLOCK)

/** A file of the controller that is sent without being held in memory. It was read once: checksums, and where its holes are. */
export interface LargeFile {
  readonly path: string
  readonly size: number
  /** Hexadecimal. */
  readonly sha256: string
  readonly sha1: string
  readonly runs: readonly Run[]
  /** Hexadecimal SHA-256 of its first bytes: a multiple of PREFIX_STEP, or all of them. */
  prefix(length: number): string | undefined
  /** Its bytes from there on, in pieces. */
  read(offset: number, length: number): AsyncGenerator<Buffer>
  /** What compression makes of it, tried once. */
  sample(): Promise<Sample>
}

interface Reading {
  readonly file: Promise<LargeFile>
  readonly stop: AbortController
  /** Callers that wait; when the last is gone, reading ends. */
  waiting: number
}

const known = new Map<string, Reading>()
const readers = pLimit(READERS)

export interface LargeFileOptions {
  readonly signal?: AbortSignal
  /** Told to the one who came first. */
  readonly onProgress?: (percent: number) => void
}

/** Reads the file for what LargeFile has; once for all callers as long as it is the same. Raises the errors of reading. */
export async function largeFile(path: string, options: LargeFileOptions = {}): Promise<LargeFile> {
  const { signal } = options
  const { size, key } = identityOf(path)
  signal?.throwIfAborted()
  const reading = (key !== undefined && known.get(key)) || begin(path, size, key, options)
  if (!signal) {
    reading.waiting = Number.POSITIVE_INFINITY
    return reading.file
  }
  reading.waiting++
  let aborted!: () => void
  const cut = new Promise<never>((_resolve, reject) => {
    aborted = () => reject(signal.reason as Error)
    signal.addEventListener('abort', aborted, { once: true })
  })
  try {
    return await Promise.race([reading.file, cut])
  } finally {
    signal.removeEventListener('abort', aborted)
    reading.waiting--
    if (signal.aborted && reading.waiting === 0) {
      reading.stop.abort(signal.reason)
      if (key !== undefined && known.get(key) === reading) known.delete(key)
    }
  }
}

function begin(path: string, size: number, key: string | undefined, options: LargeFileOptions): Reading {
  const stop = new AbortController()
  const file = readers(() => examine(path, size, stop.signal, options.onProgress))
  const reading = { file, stop, waiting: 0 }
  file.catch(() => key !== undefined && known.delete(key))
  if (key === undefined) return reading
  for (const other of known.keys()) if (known.size >= MOST_KNOWN) known.delete(other)
  known.set(key, reading)
  return reading
}

async function examine(
  path: string,
  size: number,
  signal: AbortSignal,
  onProgress: ((percent: number) => void) | undefined,
): Promise<LargeFile> {
  const [sha256, sha1] = [createHash('sha256'), createHash('sha1')]
  const prefixes: Buffer[] = []
  const planner = new RunPlanner()
  let position = 0
  let told = performance.now()
  for await (const piece of pieces(path, 0, size)) {
    signal.throwIfAborted()
    sha256.update(piece)
    sha1.update(piece)
    for (let at = 0; at < piece.length; at += BLOCK) {
      const block = piece.subarray(at, at + BLOCK)
      planner.add(block.length, block.equals(block.length === BLOCK ? ZEROS : ZEROS.subarray(0, block.length)))
    }
    position += piece.length
    if (position % PREFIX_STEP === 0) prefixes.push(sha256.copy().digest())
    if (performance.now() - told < PAUSE_MS) continue
    told = performance.now()
    onProgress?.((100 * position) / size)
  }
  return describe(path, size, { sha256, sha1 }, prefixes, planner.runs)
}

function describe(
  path: string,
  size: number,
  hashes: { sha256: Hash; sha1: Hash },
  prefixes: readonly Buffer[],
  runs: readonly Run[],
): LargeFile {
  const sha256 = hashes.sha256.digest('hex')
  let sample: Promise<Sample> | undefined
  const file: LargeFile = {
    path,
    size,
    sha256,
    sha1: hashes.sha1.digest('hex'),
    runs,
    prefix: (length) => (length === size ? sha256 : prefixes[length / PREFIX_STEP - 1]?.toString('hex')),
    read: (offset, length) => pieces(path, offset, length),
    sample: () => {
      sample ??= sampleOf(file)
      return sample
    },
  }
  return file
}

/** A part of a file. All pieces but the last have the same length. Raises an Error for a file that became shorter. */
async function* pieces(path: string, offset: number, length: number): AsyncGenerator<Buffer> {
  const handle = await open(path, 'r')
  try {
    for (let position = offset; position < offset + length; ) {
      const piece = Buffer.allocUnsafeSlow(Math.min(PIECE, offset + length - position))
      for (let have = 0; have < piece.length; ) {
        const { bytesRead } = await handle.read(piece, have, piece.length - have, position + have)
        if (bytesRead === 0) throw new Error(`${path} became shorter while it was read`)
        have += bytesRead
      }
      position += piece.length
      yield piece
    }
  } finally {
    await handle.close()
  }
}
