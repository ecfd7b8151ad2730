import { LibvirtError } from '../../errors.ts'
import { errorReply, streamHole } from '../protocol/objects.ts'
import { MalformedPacket } from '../xdr/malformed.ts'
import { XdrReader } from '../xdr/reader.ts'
import type { XdrWriter } from '../xdr/writer.ts'
import { type Packet, STATUS, STREAM_BYTES, TYPE } from './packet.ts'

/** Data, or that many zero bytes which are not sent. */
export type StreamPiece = { readonly data: Buffer } | { readonly hole: number }

interface StreamLink {
  send(type: number, status: number, payload: (to: XdrWriter) => void): void
  drained(): Promise<void>
  pause(): void
  resume(): void
  over(): void
}

/** Bytes that wait for the reader before the connection is paused. */
const HIGH_WATER = 4 * 1024 * 1024

/**
 * Data of a volume beside the calls. The two ends agree on its end: `finish` settles when the daemon has everything on its
 * disk, or has said why not. A reader that is slow pauses the whole connection: give a large transfer one of its own.
 */
export class RpcStream {
  readonly #link: StreamLink
  readonly #pieces: StreamPiece[] = []
  #waiting = 0
  #atEnd = false
  #paused = false
  #problem: Error | undefined
  #closing: { resolve: () => void; reject: (error: Error) => void } | undefined
  #wake: (() => void) | undefined

  constructor(link: StreamLink) {
    this.#link = link
  }

  /** What the daemon sends, until it has no more. Raises LibvirtError. */
  async *pieces(): AsyncGenerator<StreamPiece, void, undefined> {
    for (;;) {
      const piece = this.#pieces.shift()
      if (piece) {
        this.#waiting -= 'data' in piece ? piece.data.length : 0
        if (this.#paused && this.#waiting < HIGH_WATER / 2) {
          this.#paused = false
          this.#link.resume()
        }
        yield piece
      } else if (this.#problem) throw this.#problem
      else if (this.#atEnd) return
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
    }
  }

  /** Settles when there is room for more. Raises the daemon's LibvirtError. */
  async write(data: Buffer): Promise<void> {
    for (let at = 0; at < data.length; at += STREAM_BYTES) {
      if (this.#problem) throw this.#problem
      const piece = data.subarray(at, at + STREAM_BYTES)
      this.#link.send(TYPE.stream, STATUS.continue, (to) => to.raw(piece))
      await this.#link.drained()
    }
    if (this.#problem) throw this.#problem
  }

  /** Zero bytes that are left out; only in a stream that was opened as sparse. */
  async skip(length: number): Promise<void> {
    if (this.#problem) throw this.#problem
    this.#link.send(TYPE.hole, STATUS.continue, (to) => streamHole.write(to, { length: BigInt(length), flags: 0 }))
    await this.#link.drained()
  }

  /** Everything was sent, or read; settles when the daemon agrees. */
  finish(): Promise<void> {
    return this.#end(STATUS.ok)
  }

  /** Gives up; the daemon is told. What it has written so far stays. */
  async abort(): Promise<void> {
    await this.#end(STATUS.error).catch(() => undefined)
  }

  /** A packet of this stream; raises MalformedPacket. */
  take({ type, status, payload }: Packet): void {
    const reader = new XdrReader(payload)
    if (status === STATUS.error) {
      const { code, domain, message } = errorReply.read(reader)
      this.#over(new LibvirtError(message ?? `libvirt's error ${code}`, code, domain))
    } else if (status === STATUS.ok) {
      if (!this.#closing) throw new MalformedPacket('the end of a stream that was not asked for')
      this.#over(undefined)
    } else if (type === TYPE.hole) {
      const { length } = streamHole.read(reader)
      reader.end()
      if (length < 0n || length > MOST_HOLE) throw new MalformedPacket(`a hole of ${length} bytes`)
      this.#push({ hole: Number(length) })
    } else if (type !== TYPE.stream) throw new MalformedPacket(`type ${type} in a stream`)
    else if (payload.length === 0) {
      this.#atEnd = true
      this.#wake?.()
    } else this.#push({ data: payload })
  }

  /** The connection is gone. */
  lost(reason: Error): void {
    this.#over(reason)
  }

  #push(piece: StreamPiece): void {
    if (this.#atEnd) throw new MalformedPacket('data behind the end of a stream')
    if (this.#closing) return
    this.#pieces.push(piece)
    this.#waiting += 'data' in piece ? piece.data.length : 64
    if (this.#waiting > HIGH_WATER && !this.#paused) {
      this.#paused = true
      this.#link.pause()
    }
    this.#wake?.()
  }

  #end(status: number): Promise<void> {
    if (this.#problem) return Promise.reject(this.#problem)
    if (this.#closing) return Promise.reject(new Error('the stream was ended before'))
    return new Promise<void>((resolve, reject) => {
      this.#closing = { resolve, reject }
      // What was not read is in the way of the daemon's answer.
      if (this.#paused) this.#link.resume()
      this.#paused = false
      this.#link.send(TYPE.stream, status, () => undefined)
    })
  }

  #over(problem: Error | undefined): void {
    this.#problem = problem
    this.#atEnd = true
    this.#link.over()
    if (problem) this.#closing?.reject(problem)
    else this.#closing?.resolve()
    this.#wake?.()
  }
}

const MOST_HOLE = BigInt(Number.MAX_SAFE_INTEGER)
