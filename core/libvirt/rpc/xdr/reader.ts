import { MalformedPacket } from './malformed.ts'

/** Reads XDR (RFC 4506) from one payload. Every length is checked before anything is made of it. Raises MalformedPacket. */
export class XdrReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  int(): number {
    return this.#bytes.readInt32BE(this.#take(4))
  }

  uint(): number {
    return this.#bytes.readUInt32BE(this.#take(4))
  }

  hyper(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8))
  }

  uhyper(): bigint {
    return this.#bytes.readBigUInt64BE(this.#take(8))
  }

  double(): number {
    return this.#bytes.readDoubleBE(this.#take(8))
  }

  /** XDR's booleans are 0 and 1, nothing else. */
  bool(): boolean {
    const value = this.uint()
    if (value > 1) throw new MalformedPacket(`${value} is not a boolean`)
    return value === 1
  }

  /** Bytes of a fixed length, padded to four; a view, not a copy. */
  fixed(length: number): Buffer {
    const padded = length + padding(length)
    const at = this.#take(padded)
    return this.#bytes.subarray(at, at + length)
  }

  /** A length, then that many bytes. */
  opaque(most: number): Buffer {
    return this.fixed(this.length(most, 1))
  }

  /** The length of what follows: at most `most` elements, and not more than the packet can hold at `least` bytes each. */
  length(most: number, least: number): number {
    const length = this.uint()
    if (length > most) throw new MalformedPacket(`a length of ${length}, where at most ${most} are allowed`)
    if (length * least > this.left) throw new MalformedPacket(`a length of ${length} with ${this.left} bytes left`)
    return length
  }

  /** Nothing may stand behind the last field. */
  end(): void {
    if (this.left > 0) throw new MalformedPacket(`${this.left} bytes too many`)
  }

  #take(length: number): number {
    if (length > this.left) throw new MalformedPacket(`${length} bytes are wanted, ${this.left} are left`)
    const at = this.#at
    this.#at += length
    return at
  }
}

/** XDR's unit is four bytes. */
export const padding = (length: number): number => (4 - (length % 4)) % 4
