import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { errorReply } from '../../../../core/libvirt/rpc/protocol/objects.ts'
import type { Procedure } from '../../../../core/libvirt/rpc/protocol/procedures.ts'
import {
  type Packet,
  PacketSplitter,
  PROGRAM,
  STATUS,
  TYPE,
  writePacket,
} from '../../../../core/libvirt/rpc/wire/packet.ts'
import type { Codec } from '../../../../core/libvirt/rpc/xdr/codec.ts'
import { XdrReader } from '../../../../core/libvirt/rpc/xdr/reader.ts'
import { XdrWriter } from '../../../../core/libvirt/rpc/xdr/writer.ts'

/** The other end of a real socket, which says whatever a test wants: what no real libvirtd would. */
export interface Peer {
  readonly client: Socket
  readonly server: Socket
  /** What the client has sent so far. */
  readonly packets: Packet[]
  /** Times at which something came, however much. */
  turns(): number
  /** Settles when so many packets are there. */
  until(count: number): Promise<void>
  close(): Promise<void>
}

export async function openPeer(answer?: (packet: Packet, peer: Peer) => void): Promise<Peer> {
  const folder = await mkdtemp(join(tmpdir(), 'vf-rpc-'))
  const path = join(folder, 'sock')
  const listener = createServer().listen(path)
  await once(listener, 'listening')
  const client = connect(path)
  const [server] = (await once(listener, 'connection')) as [Socket]
  const splitter = new PacketSplitter()
  const packets: Packet[] = []
  let turns = 0
  let news: () => void = () => undefined
  const peer: Peer = {
    client,
    server,
    packets,
    turns: () => turns,
    async until(count) {
      while (packets.length < count) {
        await new Promise<void>((resolve) => {
          news = resolve
        })
      }
    },
    async close() {
      client.destroy()
      server.destroy()
      listener.close()
      await rm(folder, { recursive: true })
    },
  }
  server.on('error', () => undefined)
  server.on('data', (piece: Buffer) => {
    turns++
    for (const packet of splitter.push(piece)) {
      packets.push(packet)
      answer?.(packet, peer)
    }
    news()
  })
  return peer
}

/** A packet as a daemon would send it. */
export function packet(fields: Partial<Packet>): Buffer {
  const { payload = Buffer.alloc(0), ...header } = fields
  const writer = new XdrWriter()
  const whole = { program: PROGRAM.remote, version: 1, procedure: 1, type: TYPE.reply, serial: 1, status: STATUS.ok }
  writePacket(writer, { ...whole, ...header }, (to) => to.raw(payload))
  return writer.take()
}

export function encode<T>(codec: Codec<T>, value: T): Buffer {
  const writer = new XdrWriter()
  codec.write(writer, value)
  return writer.take()
}

export function decode<T>(codec: Codec<T>, bytes: Buffer): T {
  const reader = new XdrReader(bytes)
  const value = codec.read(reader)
  reader.end()
  return value
}

/** The answer to a call. */
export function reply<A, R>(to: Packet, procedure: Procedure<A, R>, value: R): Buffer {
  const { program, serial } = to
  return packet({ program, serial, procedure: to.procedure, payload: encode(procedure.reply, value) })
}

/** The daemon's no. */
export function refusalOf(to: Packet, code: number, message: string, type: number = TYPE.reply): Buffer {
  const error = { code, domain: 10, message, level: 2, number1: 0, number2: 0 }
  const none = { ofDomain: undefined, text1: undefined, text2: undefined, text3: undefined, ofNetwork: undefined }
  const { program, procedure, serial } = to
  const payload = encode(errorReply, { ...error, ...none })
  return packet({ program, procedure, serial, type, status: STATUS.error, payload })
}

export async function failure(work: Promise<unknown>): Promise<Error> {
  try {
    await work
  } catch (error) {
    return error as Error
  }
  throw new Error('it did not fail')
}
