import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import fc from 'fast-check'
import { LibvirtError, LibvirtLost } from '../../../../core/libvirt/errors.ts'
import { readPieces, writePieces } from '../../../../core/libvirt/rpc/calls/transfer.ts'
import { streamHole } from '../../../../core/libvirt/rpc/protocol/objects.ts'
import { storage } from '../../../../core/libvirt/rpc/protocol/procedures.ts'
import { RpcClient } from '../../../../core/libvirt/rpc/wire/client.ts'
import { type Packet, PROGRAM, STATUS, STREAM_BYTES, TYPE } from '../../../../core/libvirt/rpc/wire/packet.ts'
import type { RpcStream } from '../../../../core/libvirt/rpc/wire/stream.ts'
import { decode, encode, failure, openPeer, type Peer, packet, refusalOf, reply } from './daemon.ts'

const KIB = 1024
const RANGE = { volume: { pool: 'p', name: 'v', key: '' }, offset: 0n, length: 0n, flags: 1 }

describe("the RPC's streams", () => {
  const open: Peer[] = []
  afterEach(async () => {
    for (const peer of open.splice(0)) await peer.close()
  })

  /** A stream that the daemon has agreed to, and its part of the talk. */
  async function start(heard: (sent: Packet, peer: Peer) => void = () => undefined) {
    const peer = await openPeer((sent, p) => {
      if (sent.type === TYPE.call) p.server.write(reply(sent, storage.download, undefined))
      else heard(sent, p)
    })
    open.push(peer)
    const client = new RpcClient(peer.client)
    const stream = await client.stream(storage.download, RANGE)
    const call = peer.packets[0] as Packet
    const say = (fields: Partial<Packet>): boolean =>
      peer.server.write(packet({ ...call, type: TYPE.stream, status: STATUS.continue, payload: EMPTY, ...fields }))
    return { peer, client, stream, call, say }
  }
  const EMPTY = Buffer.alloc(0)
  const hole = (length: number): Partial<Packet> => ({
    type: TYPE.hole,
    payload: encode(streamHole, { length: BigInt(length), flags: 0 }),
  })
  const agree = (sent: Packet, peer: Peer): void => {
    if (sent.type === TYPE.stream && sent.status === STATUS.ok) {
      peer.server.write(packet({ ...sent, type: TYPE.stream, status: STATUS.ok, payload: EMPTY }))
    }
  }
  async function all(stream: RpcStream): Promise<Buffer> {
    const pieces: Buffer[] = []
    for await (const piece of readPieces(stream)) pieces.push(Buffer.from(piece))
    return Buffer.concat(pieces)
  }

  it('give data and holes as they come, to the end both agree on', async () => {
    const { stream, say, peer } = await start(agree)
    say({ payload: Buffer.from('begin') })
    say(hole(3_000_000))
    say({ payload: Buffer.from('end') })
    say(hole(7))
    say({})
    const bytes = await all(stream)
    expect(bytes.length).to.equal(5 + 3_000_000 + 3 + 7)
    expect(bytes.subarray(0, 5).toString()).to.equal('begin')
    expect(bytes.subarray(5, 3_000_005).every((b) => b === 0)).to.equal(true)
    expect(bytes.subarray(3_000_005, 3_000_008).toString()).to.equal('end')
    expect(peer.packets.at(-1)).to.include({ type: TYPE.stream, status: STATUS.ok })
  })

  it('send what they are given, zeros as holes', async () => {
    const part = fc.oneof(
      fc.integer({ min: 1, max: 3 * STREAM_BYTES }).map((n) => Buffer.alloc(n)),
      fc.integer({ min: 1, max: STREAM_BYTES * 2 }).map((n) => randomBytes(n)),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 5 }), async (parts) => {
        const { stream, peer } = await start(agree)
        await writePieces(stream, Readable.from(parts), { sparse: true })
        const sent = peer.packets.slice(1, -1).map((p) => {
          if (p.type === TYPE.hole) return Buffer.alloc(Number(decode(streamHole, p.payload).length))
          expect(p).to.include({ type: TYPE.stream, status: STATUS.continue })
          expect(p.payload.length).to.be.within(1, STREAM_BYTES)
          return p.payload
        })
        expect(Buffer.concat(sent).equals(Buffer.concat(parts))).to.equal(true)
        const zeros = parts.filter((p) => p.length >= 256 * KIB && p[0] === 0 && p.every((b) => b === 0))
        if (zeros.length > 0) expect(peer.packets.some((p) => p.type === TYPE.hole)).to.equal(true)
      }),
      { numRuns: 15 },
    )
  })

  it('send zeros as they are where the rest must stay', async () => {
    const { stream, peer } = await start(agree)
    await writePieces(stream, Readable.from([Buffer.alloc(300 * KIB)]), { sparse: false })
    expect(peer.packets.some((p) => p.type === TYPE.hole)).to.equal(false)
    expect(peer.packets.slice(1, -1).reduce((sum, p) => sum + p.payload.length, 0)).to.equal(300 * KIB)
  })

  it('pause a daemon whose reader is slow, and go on', async () => {
    const { stream, peer, say } = await start(agree)
    const piece = Buffer.alloc(256 * KIB, 1)
    const total = 200
    let told = 0
    const tell = (): void => {
      while (told < total && say({ payload: piece })) told++
      if (told < total)
        peer.server.once('drain', () => {
          told++
          tell()
        })
      else say({})
    }
    tell()
    for (let before = -1; before !== told; await delay(200)) before = told
    expect(told).to.be.lessThan(total)
    expect((await all(stream)).length).to.equal(total * piece.length)
  })

  it("end with the daemon's error, in the middle and at the end", async () => {
    const { stream, peer, call } = await start((sent, p) => {
      if (sent.status === STATUS.ok) p.server.write(refusalOf(sent, 38, 'no space left', TYPE.stream))
    })
    const data = randomBytes(2 * STREAM_BYTES + 1)
    await stream.write(data)
    await peer.until(4)
    const pieces = peer.packets.slice(1).map((p) => p.payload)
    expect(pieces.map((p) => p.length)).to.deep.equal([STREAM_BYTES, STREAM_BYTES, 1])
    expect(Buffer.concat(pieces).equals(data)).to.equal(true)
    const late = await failure(stream.finish())
    expect(late).to.be.instanceOf(LibvirtError).and.to.include({ code: 38, message: 'no space left' })
    const second = await start()
    second.peer.server.write(refusalOf(second.call, 38, 'broken', TYPE.stream))
    expect((await failure(all(second.stream))).message).to.equal('broken')
    expect((await failure(second.stream.write(Buffer.from('x')))).message).to.equal('broken')
    expect(call.program).to.equal(PROGRAM.remote)
    expect(peer.packets.at(-1)?.status).to.equal(STATUS.ok)
  })

  it('are given up with a word to the daemon, whose last words do no harm', async () => {
    const { stream, say, client, peer } = await start((sent, p) => {
      if (sent.type === TYPE.stream && sent.status === STATUS.error) {
        p.server.write(packet({ ...sent, status: STATUS.continue, payload: Buffer.alloc(9 * 1024 * KIB, 1) }))
        p.server.write(refusalOf(sent, 39, 'stream aborted at client request'))
        p.server.write(packet({ ...sent, status: STATUS.continue, payload: Buffer.from('late') }))
      }
    })
    say({ payload: Buffer.from('first') })
    for await (const piece of readPieces(stream)) {
      expect(piece.toString()).to.equal('first')
      break
    }
    expect(peer.packets.at(-1)).to.include({ type: TYPE.stream, status: STATUS.error })
    await delay(30)
    const again = await client.stream(storage.download, RANGE)
    await again.abort()
  })

  it('end when the connection does', async () => {
    const { stream, peer } = await start()
    const reading = failure(all(stream))
    peer.server.destroy()
    expect(await reading).to.be.instanceOf(LibvirtLost)
    const second = await start()
    const finishing = failure(second.stream.finish())
    second.peer.server.destroy()
    expect(await finishing).to.be.instanceOf(LibvirtLost)
  })

  const EVIL: readonly (readonly [string, readonly Partial<Packet>[]])[] = [
    ['an end nobody asked for', [{ status: STATUS.ok }]],
    ['a hole of less than nothing', [hole(-1)]],
    ['a hole larger than any disk', [{ type: TYPE.hole, payload: Buffer.from('7fffffffffffffff00000000', 'hex') }]],
    ['data behind the end', [{}, { payload: Buffer.from('more') }]],
  ]
  for (const [what, packets] of EVIL) {
    it(`end the connection over ${what}`, async () => {
      const { client, say } = await start()
      for (const fields of packets) say(fields)
      expect((await client.closed).message).to.include('malformed')
    })
  }

  it("tell the source's error when it breaks", async () => {
    const { stream, peer } = await start((sent, p) => {
      if (sent.status === STATUS.error) p.server.write(refusalOf(sent, 39, 'aborted'))
    })
    const source = Readable.from(
      (async function* () {
        yield randomBytes(10)
        throw new Error('no more')
      })(),
    )
    expect((await failure(writePieces(stream, source, { sparse: true }))).message).to.equal('no more')
    expect(peer.packets.at(-1)).to.include({ type: TYPE.stream, status: STATUS.error })
  })
})
