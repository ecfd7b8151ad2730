import type { Readable } from 'node:stream'
import type { RpcStream } from '../wire/stream.ts'

/** Runs of zeros from this length are left out: below, the packet for a hole is not worth it. */
const LEAST_HOLE = 64 * 1024
/** Holes are given in pieces of this size. */
const ZEROS = Buffer.alloc(1024 * 1024)

/**
 * Sends everything, zeros as holes if `sparse`, and agrees with the daemon on the end. Raises the source's error,
 * LibvirtError, the signal's reason.
 */
export async function writePieces(
  stream: RpcStream,
  content: Readable,
  { sparse, signal }: { sparse: boolean; signal?: AbortSignal },
): Promise<void> {
  let hole = 0
  try {
    for await (const chunk of content) {
      signal?.throwIfAborted()
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk as Uint8Array | string)
      for (let at = 0; at < bytes.length; at += LEAST_HOLE) {
        const piece = bytes.subarray(at, at + LEAST_HOLE)
        if (sparse && isZero(piece)) {
          hole += piece.length
          continue
        }
        if (hole > 0) await stream.skip(hole)
        hole = 0
        await stream.write(piece)
      }
    }
    if (hole > 0) await stream.skip(hole)
    await stream.finish()
  } catch (error) {
    content.destroy()
    await stream.abort()
    throw error
  }
}

/** What the daemon sends, holes as zeros, until its end; an end that comes early on this side is told to the daemon. */
export async function* readPieces(stream: RpcStream, signal?: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
  let whole = false
  try {
    for await (const piece of stream.pieces()) {
      signal?.throwIfAborted()
      if ('data' in piece) yield piece.data
      else for (let left = piece.hole; left > 0; left -= ZEROS.length) yield ZEROS.subarray(0, left)
    }
    whole = true
    await stream.finish()
  } finally {
    if (!whole) await stream.abort()
  }
}

function isZero(bytes: Buffer): boolean {
  return bytes.length > 0 && bytes[0] === 0 && bytes.subarray(1).equals(bytes.subarray(0, -1))
}
