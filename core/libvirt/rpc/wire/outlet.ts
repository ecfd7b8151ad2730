import type { Writable } from 'node:stream'
import { type Header, writePacket } from './packet.ts'

/** The way out: packets of one tick are one write. */
export class Outlet {
  readonly #wire: Writable
  #queue: Buffer[] = []
  #closed = false
  #drain: Promise<void> | undefined
  #release: (() => void) | undefined

  constructor(wire: Writable) {
    this.#wire = wire
  }

  /** Raises RangeError for a packet that is too large. */
  send(header: Header, payload: Uint8Array): void {
    const packet = writePacket(header, payload)
    if (this.#queue.length === 0) process.nextTick(() => this.#flush())
    this.#queue.push(packet)
  }

  /** Settles when there is room for more, or nothing goes out any more. */
  async drained(): Promise<void> {
    this.#flush()
    if (this.#closed || !this.#wire.writableNeedDrain) return
    this.#drain ??= new Promise<void>((resolve) => {
      this.#release = () => {
        this.#drain = undefined
        resolve()
      }
      this.#wire.once('drain', this.#release)
    })
    await this.#drain
  }

  close(): void {
    this.#closed = true
    this.#queue = []
    this.#release?.()
  }

  #flush(): void {
    const queue = this.#queue
    this.#queue = []
    if (this.#closed || queue.length === 0) return
    this.#wire.write(queue.length === 1 ? queue[0] : Buffer.concat(queue))
  }
}
