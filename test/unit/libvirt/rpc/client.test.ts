import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import fc from 'fast-check'
import { LibvirtError, LibvirtLost, LibvirtNotAsked } from '../../../../core/libvirt/errors.ts'
import { connect, domains } from '../../../../core/libvirt/rpc/protocol/procedures.ts'
import { type ClientOptions, RpcClient } from '../../../../core/libvirt/rpc/wire/client.ts'
import { type Packet, PROGRAM, STATUS, TYPE } from '../../../../core/libvirt/rpc/wire/packet.ts'
import { decode, encode, failure, openPeer, type Peer, packet, refusalOf, reply } from './daemon.ts'

describe("the RPC's client", () => {
  const open: Peer[] = []
  async function start(answer?: (packet: Packet, peer: Peer) => void, options: ClientOptions = {}) {
    const peer = await openPeer(answer)
    open.push(peer)
    return { peer, client: new RpcClient(peer.client, options) }
  }
  afterEach(async () => {
    for (const peer of open.splice(0)) await peer.close()
  })

  it('gives each call its own answer, in whatever order they come', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { minLength: 1, maxLength: 20 }), async (order) => {
        const { peer, client } = await start()
        const calls = order.map((_, i) => client.call(domains.lookupByName, { name: `vm${i}` }))
        await peer.until(order.length)
        const shuffled = peer.packets.map((sent, i) => [order[i] ?? 0, sent] as const).sort(([a], [b]) => a - b)
        for (const [, sent] of shuffled) {
          const { name } = decode(domains.lookupByName.args, sent.payload)
          const uuid = Buffer.alloc(16, name)
          if (name.endsWith('3')) peer.server.write(refusalOf(sent, 42, `no ${name}`))
          else peer.server.write(reply(sent, domains.lookupByName, { domain: { name, uuid, id: -1 } }))
        }
        const results = await Promise.allSettled(calls)
        for (const [i, result] of results.entries()) {
          if (result.status === 'fulfilled') expect(result.value.domain.name).to.equal(`vm${i}`)
          else {
            expect(result.reason).to.be.instanceOf(LibvirtError)
            expect(result.reason).to.deep.include({ code: 42, domain: 10, message: `no vm${i}` })
          }
        }
        expect(results.filter((r) => r.status === 'rejected').length).to.equal(
          order.length > 13 ? 2 : order.length > 3 ? 1 : 0,
        )
      }),
      { numRuns: 30 },
    )
  })

  it('sends the calls of one tick as one write', async () => {
    const { peer, client } = await start()
    let writes = 0
    const write = peer.client.write.bind(peer.client) as (bytes: Buffer) => boolean
    peer.client.write = (bytes: Buffer | string) => {
      writes++
      return write(bytes as Buffer)
    }
    const calls = Array.from({ length: 20 }, () => client.call(connect.hostname, undefined))
    await peer.until(20)
    expect(writes).to.equal(1)
    client.close()
    await Promise.allSettled(calls)
  })

  const ANSWER = { type: TYPE.reply, payload: encode(connect.hostname.reply, { name: 'h' }) }
  const bad: readonly (readonly [string, (sent: Packet) => Buffer])[] = [
    ['a length of nothing', () => Buffer.alloc(4)],
    ['a length of gigabytes', () => Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['an unknown program', (sent) => packet({ ...sent, program: 0x1234, ...ANSWER })],
    ['an unknown version', (sent) => packet({ ...sent, version: 2, ...ANSWER })],
    ['a serial nobody used', (sent) => packet({ ...sent, serial: sent.serial + 9, ...ANSWER })],
    ["another procedure's answer", (sent) => packet({ ...sent, procedure: 7, ...ANSWER })],
    ["another program's answer", (sent) => packet({ ...sent, program: PROGRAM.qemu, ...ANSWER })],
    ['a call of its own', (sent) => packet({ ...sent, type: TYPE.call })],
    ['file descriptors', (sent) => packet({ ...sent, type: TYPE.replyWithFds })],
    ['a type that there is not', (sent) => packet({ ...sent, type: 9 })],
    ['a status that there is not', (sent) => packet({ ...sent, ...ANSWER, status: 7 })],
    ['a cut answer', (sent) => packet({ ...sent, type: TYPE.reply, payload: Buffer.from([0, 0, 0, 9, 65]) })],
    ['bytes behind an answer', (sent) => packet({ ...sent, type: TYPE.reply, payload: Buffer.alloc(12) })],
    ['a cut error', (sent) => packet({ ...sent, type: TYPE.reply, status: STATUS.error, payload: Buffer.alloc(8) })],
    ['a strange keepalive', (sent) => packet({ ...sent, program: PROGRAM.keepalive, procedure: 3 })],
  ]
  for (const [what, made] of bad) {
    it(`ends over ${what}`, async () => {
      const { client } = await start((sent, peer) => peer.server.write(made(sent)))
      const calls = [client.call(connect.hostname, undefined), client.call(connect.hostname, undefined)].map(failure)
      for (const error of await Promise.all(calls)) {
        expect(error).to.be.instanceOf(LibvirtLost)
        expect(error.message).to.match(/malformed.*not known/)
      }
      expect((await client.closed).message).to.include('malformed')
      expect(await failure(client.call(connect.hostname, undefined))).to.be.instanceOf(LibvirtNotAsked)
    })
  }

  it('survives any noise with an end, or none', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (noise) => {
        const { peer, client } = await start()
        const call = failure(client.call(connect.hostname, undefined))
        peer.server.end(Buffer.from(noise))
        expect(await call).to.be.instanceOf(LibvirtLost)
      }),
      { numRuns: 40 },
    )
  })

  it('tells what a lost connection means: not known for what was sent, not asked for what comes after', async () => {
    const { peer, client } = await start((_, p) => p.server.destroy(), {
      why: async () => new LibvirtLost('libvirtd is gone'),
    })
    const error = await failure(client.call(connect.hostname, undefined))
    expect(error).to.be.instanceOf(LibvirtLost)
    expect(error.message).to.equal('libvirtd is gone; whether libvirt did what was asked is not known')
    expect(await failure(client.call(connect.hostname, undefined))).to.be.instanceOf(LibvirtNotAsked)
    expect(peer.client.destroyed).to.equal(true)
  })

  it('refuses what is too large for libvirt without sending it', async () => {
    const { peer, client } = await start((sent, p) => p.server.write(reply(sent, connect.hostname, { name: 'h' })))
    const error = await failure(client.call(domains.lookupByName, { name: 'x'.repeat(4 * 1024 * 1024 + 1) }))
    expect(error).to.be.instanceOf(LibvirtNotAsked)
    expect(await client.call(connect.hostname, undefined)).to.deep.equal({ name: 'h' })
    expect(peer.packets).to.have.length(1)
  })

  describe('keepalive', () => {
    const keepalive = { intervalMs: 20, misses: 2 }
    const ping = packet({ program: PROGRAM.keepalive, procedure: 1, type: TYPE.message, serial: 0 })
    const pings = (peer: Peer) =>
      peer.packets.filter((p) => p.program === PROGRAM.keepalive && p.procedure === 1).length

    it('answers the daemon', async () => {
      const { peer } = await start()
      peer.server.write(ping)
      await peer.until(1)
      const { payload, ...header } = peer.packets[0] as Packet
      expect(header).to.deep.equal({
        program: PROGRAM.keepalive,
        version: 1,
        procedure: 2,
        type: TYPE.message,
        serial: 0,
        status: STATUS.ok,
      })
      expect(payload.length).to.equal(0)
    })

    it('ends with a daemon that says nothing', async () => {
      const { peer, client } = await start(undefined, { keepalive })
      const error = await failure(client.call(connect.hostname, undefined))
      expect(error.message).to.include('has not answered')
      expect(pings(peer)).to.equal(keepalive.misses)
    })

    it('lets a daemon live that answers pings, or anything', async () => {
      const { peer, client } = await start(
        (sent, p) => {
          if (sent.program !== PROGRAM.keepalive) return
          p.server.write(packet({ program: PROGRAM.keepalive, procedure: 2, type: TYPE.message, serial: 0 }))
        },
        { keepalive },
      )
      const call = client.call(connect.hostname, undefined)
      await delay(300)
      expect(pings(peer)).to.be.greaterThan(1)
      peer.server.write(reply(peer.packets[0] as Packet, connect.hostname, { name: 'alive' }))
      expect(await call).to.deep.equal({ name: 'alive' })
    })

    it('asks nothing while nobody waits', async () => {
      const { peer, client } = await start((sent, p) => p.server.write(reply(sent, connect.hostname, { name: 'h' })), {
        keepalive,
      })
      await client.call(connect.hostname, undefined)
      await delay(200)
      expect(peer.packets).to.have.length(1)
    })

    it('asks while events are waited for', async () => {
      const { peer, client } = await start(
        (sent, p) => {
          if (sent.program !== PROGRAM.keepalive) p.server.write(reply(sent, connect.hostname, { name: 'h' }))
        },
        { keepalive, listening: () => true },
      )
      await client.call(connect.hostname, undefined)
      expect((await client.closed).message).to.include('has not answered')
      expect(pings(peer)).to.equal(keepalive.misses)
    })

    it('does not take a daemon for dead that is too busy to read', async () => {
      const { peer, client } = await start(undefined, { keepalive })
      const calls = Array.from({ length: 5 }, () => client.call(connect.hostname, undefined))
      await delay(200)
      expect(pings(peer)).to.equal(0)
      for (const sent of peer.packets) peer.server.write(reply(sent, connect.hostname, { name: 'done' }))
      expect(await Promise.all(calls)).to.have.length(5)
    })
  })
})
