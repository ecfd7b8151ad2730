import type { Writable } from 'node:stream'
import { XdrWriter } from '../xdr/writer.ts'
import { type Header, writePacket } from './packet.ts'

/** The way out: packets of one tick are one write. */
export class Outlet {
  readonly #wire: Writable
  readonly #packets = new XdrWriter()
  #closed = false
  #drain: Promise<void> | undefined
  #release: (() => void) | undefined

  constructor(wire: Writable) {
    this.#wire = wire
  }

  /** Raises RangeError for what cannot be sent, and sends nothing then. */
  send(header: Header, payload: (to: XdrWriter) => void): void {
    const first = this.#packets.at === 0
    writePacket(this.#packets, header, payload)
    if (first) process.nextTick(() => this.#flush())
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
    this.#release?.()
  }

  #flush(): void {
    const bytes = this.#packets.take()
    if (!this.#closed && bytes.length > 0) this.#wire.write(bytes)
  }
}
