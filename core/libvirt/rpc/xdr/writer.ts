import { padding } from './reader.ts'

const BEGINNING = 256

/** Writes XDR (RFC 4506); grows as needed. Raises RangeError for what a field cannot carry. */
export class XdrWriter {
  #bytes = Buffer.allocUnsafe(BEGINNING)
  #at = 0

  /** How many bytes there are. */
  get at(): number {
    return this.#at
  }

  int(value: number): void {
    const at = this.#room(4)
    this.#bytes.writeInt32BE(value, at)
  }

  uint(value: number): void {
    const at = this.#room(4)
    this.#bytes.writeUInt32BE(value, at)
  }

  hyper(value: bigint): void {
    const at = this.#room(8)
    this.#bytes.writeBigInt64BE(value, at)
  }

  uhyper(value: bigint): void {
    const at = this.#room(8)
    this.#bytes.writeBigUInt64BE(value, at)
  }

  double(value: number): void {
    const at = this.#room(8)
    this.#bytes.writeDoubleBE(value, at)
  }

  fixed(value: Uint8Array): void {
    const pad = padding(value.length)
    const at = this.#room(value.length + pad)
    this.#bytes.set(value, at)
    this.#bytes.fill(0, at + value.length, at + value.length + pad)
  }

  /** Bytes without a length and without padding. */
  raw(value: Uint8Array): void {
    const at = this.#room(value.length)
    this.#bytes.set(value, at)
  }

  /** UTF-8, with its length. */
  text(value: string, most: number): void {
    const length = Buffer.byteLength(value)
    this.length(length, most)
    const pad = padding(length)
    const at = this.#room(length + pad)
    this.#bytes.write(value, at)
    this.#bytes.fill(0, at + length, at + length + pad)
  }

  opaque(value: Uint8Array, most: number): void {
    this.length(value.length, most)
    this.fixed(value)
  }

  length(length: number, most: number): void {
    if (length > most) throw new RangeError(`libvirt takes at most ${most} there, not ${length}`)
    this.uint(length)
  }

  /** What was written at `at` becomes that number. */
  patch(at: number, value: number): void {
    this.#bytes.writeUInt32BE(value, at)
  }

  /** Forgets what stands behind `at`. */
  cut(at: number): void {
    this.#at = at
  }

  /** What was written; the next begins anew. */
  take(): Buffer {
    const bytes = this.#bytes.subarray(0, this.#at)
    this.#bytes = Buffer.allocUnsafe(BEGINNING)
    this.#at = 0
    return bytes
  }

  /** May set another buffer in place: to be called before the buffer is looked at. */
  #room(length: number): number {
    const at = this.#at
    const needed = at + length
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
      this.#bytes.copy(larger, 0, 0, at)
      this.#bytes = larger
    }
    this.#at = needed
    return at
  }
}
