import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { LargeFile } from './large-file.ts'

const compress = promisify(gzip)
/** The cheapest level: it gets most of what there is to get, and a link is seldom slower than the next one. */
export const LEVEL = 1
const PROBES = 3
const PROBE_BYTES = 512 * 1024
/** So much faster it must be: figures of a moment are not exact. */
const WORTH = 1.25
/** The host inflates no faster than this, in bytes per second. */
const INFLATE = 200e6

/** What compression does to a file. */
export interface Sample {
  /** Compressed size by size. */
  readonly ratio: number
  /** Of the controller, in bytes of the file per second. */
  readonly speed: number
}

/** Compresses a little of the file's start, middle and end. */
export async function sampleOf(file: LargeFile): Promise<Sample> {
  let [size, compressed, seconds] = [0, 0, 0]
  for (let i = 0; i < PROBES; i++) {
    const run = file.runs[Math.floor((i * Math.max(0, file.runs.length - 1)) / (PROBES - 1))]
    if (!run) break
    const length = Math.min(PROBE_BYTES, run.length)
    const offset = run.offset + Math.floor(((run.length - length) * i) / (PROBES - 1))
    for await (const piece of file.read(offset, length)) {
      const since = performance.now()
      compressed += (await compress(piece, { level: LEVEL })).length
      seconds += (performance.now() - since) / 1000
      size += piece.length
    }
  }
  return size === 0 ? { ratio: 1, speed: INFLATE } : { ratio: compressed / size, speed: size / seconds }
}

/** Whether the file arrives sooner when it is compressed, on a link that takes so many bytes per second. */
export function compressionPays({ ratio, speed }: Sample, link: number): boolean {
  return Math.min(speed, link / ratio, INFLATE) > link * WORTH
}
