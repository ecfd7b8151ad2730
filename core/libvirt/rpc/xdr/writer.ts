import { padding } from './reader.ts'

/** Writes XDR (RFC 4506); grows as needed. Raises RangeError for what a field cannot carry. */
export class XdrWriter {
  #bytes = Buffer.allocUnsafe(256)
  #at = 0

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

  opaque(value: Uint8Array, most: number): void {
    this.length(value.length, most)
    this.fixed(value)
  }

  length(length: number, most: number): void {
    if (length > most) throw new RangeError(`libvirt takes at most ${most} there, not ${length}`)
    this.uint(length)
  }

  take(): Buffer {
    return this.#bytes.subarray(0, this.#at)
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
