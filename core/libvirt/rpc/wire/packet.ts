import { MalformedPacket } from '../xdr/malformed.ts'
import type { XdrWriter } from '../xdr/writer.ts'

/*
 * libvirt's packets (virnetprotocol.x): a length that counts itself, a header of six words, a payload.
 */

/** virNetMessageType. */
export const TYPE = { call: 0, reply: 1, message: 2, stream: 3, callWithFds: 4, replyWithFds: 5, hole: 6 } as const
/** virNetMessageStatus. */
export const STATUS = { ok: 0, error: 1, continue: 2 } as const

/** The programs of a libvirt daemon. */
export const PROGRAM = { remote: 0x20008086, qemu: 0x20008087, keepalive: 0x6b656570 } as const

/** VIR_NET_MESSAGE_MAX since libvirt 6; the length word is not counted in it. */
export const MOST_BYTES = 32 * 1024 * 1024
/** Data in one packet of a stream: VIR_NET_MESSAGE_LEGACY_PAYLOAD_MAX, which every daemon takes. */
export const STREAM_BYTES = 262_120
const LENGTH_BYTES = 4
const HEADER_BYTES = 24

export interface Header {
  readonly program: number
  readonly version: number
  readonly procedure: number
  readonly type: number
  readonly serial: number
  readonly status: number
}

export interface Packet extends Header {
  readonly payload: Buffer
}

/** Adds one packet, or nothing: raises RangeError for one that is larger than libvirt takes, and whatever `payload` raises. */
export function writePacket(to: XdrWriter, header: Header, payload: (to: XdrWriter) => void): void {
  const begin = to.at
  try {
    to.uint(0)
    to.uint(header.program)
    to.uint(header.version)
    to.int(header.procedure)
    to.int(header.type)
    to.uint(header.serial)
    to.int(header.status)
    payload(to)
    const length = to.at - begin
    if (length > MOST_BYTES + LENGTH_BYTES) throw new RangeError(`${length} bytes are more than libvirt takes`)
    to.patch(begin, length)
  } catch (error) {
    to.cut(begin)
    throw error
  }
}

/** Takes bytes as they come and gives whole packets. Nothing is set aside for a packet before its bytes are there. */
export class PacketSplitter {
  #pieces: Buffer[] = []
  #have = 0
  #need = LENGTH_BYTES

  /** The packets that this piece completes. Raises MalformedPacket; use it no more after that. */
  push(piece: Buffer): Packet[] {
    this.#pieces.push(piece)
    this.#have += piece.length
    const packets: Packet[] = []
    while (this.#have >= this.#need) {
      const bytes = this.#pieces.length === 1 ? (this.#pieces[0] as Buffer) : Buffer.concat(this.#pieces)
      const packet = this.#next(bytes)
      if (packet) packets.push(packet)
      else this.#pieces = [bytes]
    }
    return packets
  }

  /** Whether the bytes so far end with a packet. */
  get clean(): boolean {
    return this.#have === 0
  }

  #next(bytes: Buffer): Packet | undefined {
    if (this.#need === LENGTH_BYTES) {
      this.#need = checkedLength(bytes.readUInt32BE(0))
      return undefined
    }
    const packet = readPacket(bytes.subarray(0, this.#need))
    const rest = bytes.subarray(this.#need)
    this.#pieces = rest.length > 0 ? [rest] : []
    this.#have = rest.length
    this.#need = LENGTH_BYTES
    return packet
  }
}

function checkedLength(length: number): number {
  if (length < LENGTH_BYTES + HEADER_BYTES || length > MOST_BYTES + LENGTH_BYTES) {
    throw new MalformedPacket(`a packet of ${length} bytes`)
  }
  return length
}

function readPacket(bytes: Buffer): Packet {
  return {
    program: bytes.readUInt32BE(4),
    version: bytes.readUInt32BE(8),
    procedure: bytes.readInt32BE(12),
    type: bytes.readInt32BE(16),
    serial: bytes.readUInt32BE(20),
    status: bytes.readInt32BE(24),
    payload: bytes.subarray(LENGTH_BYTES + HEADER_BYTES),
  }
}
