import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { LibvirtError, LibvirtLost } from '../../../../core/libvirt/errors.ts'
import type { Around } from '../../../../core/libvirt/rpc/calls/rpc.ts'
import { createRpc } from '../../../../core/libvirt/rpc/create.ts'
import { events } from '../../../../core/libvirt/rpc/protocol/events.ts'
import { uuidText } from '../../../../core/libvirt/rpc/protocol/objects.ts'
import { connect, domains, networks } from '../../../../core/libvirt/rpc/protocol/procedures.ts'
import { openSession, type RpcSession } from '../../../../core/libvirt/rpc/session/session.ts'
import { type Packet, TYPE } from '../../../../core/libvirt/rpc/wire/packet.ts'
import type { DomainEvent, Libvirt } from '../../../../core/libvirt/types.ts'
import { decode, encode, openPeer, type Peer, packet } from './daemon.ts'
import { OTHER, ref, Script, UUID } from './script.ts'

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 10_000
  while (!holds()) {
    if (performance.now() > end) throw new Error(`it never came to this: ${holds}`)
    await delay(1)
  }
}

describe("the RPC's session", () => {
  const opened: Peer[] = []
  afterEach(async () => {
    for (const peer of opened.splice(0)) await peer.close()
  })

  async function start(script: Script): Promise<{ peer: Peer; rpc: Libvirt; calls: () => number[] }> {
    const peer = await openPeer(script.answer)
    opened.push(peer)
    const why = async () => new LibvirtError('gone')
    const session = await openSession({ stream: peer.client, why }, { uri: 'qemu:///system' })
    const get = async () => session
    const rpc = createRpc({ session: get, another: get, virsh: {} as Libvirt })
    return { peer, rpc, calls: () => peer.packets.map((p) => p.procedure) }
  }

  it('lists domains in one turn, and in two where the driver has no statistics', async () => {
    const list = { domains: [ref('a'), ref('b', OTHER)], count: 2 }
    const script = new Script()
      .say(connect.listDomains, ({ flags }) => (flags === 1024 ? { domains: [ref('b', OTHER)], count: 1 } : list))
      .say(connect.domainStats, () => ({
        records: list.domains.map((domain) => ({
          domain,
          parameters: [
            { field: 'state.state', value: { type: 1, value: 1 } },
            { field: 'state.reason', value: { type: 1, value: 1 } },
          ],
        })),
      }))
      .say(domains.state, () => ({ state: 5, reason: 2 }))
    const { peer, rpc } = await start(script)
    const before = peer.turns()
    const all = await rpc.domains()
    expect(peer.turns() - before).to.equal(1)
    expect(all.map((d) => [d.name, d.state, d.reason, d.autostart])).to.deep.equal([
      ['a', 'running', 'booted', false],
      ['b', 'running', 'booted', true],
    ])
    script.refuse(connect.domainStats, 3, 'not supported')
    const middle = peer.turns()
    expect((await rpc.domains()).map((d) => d.reason)).to.deep.equal(['destroyed', 'destroyed'])
    expect(peer.turns() - middle).to.equal(2)
  })

  it('reads by a name it has seen in one turn, and believes only the one that has it now', async () => {
    let uuid = UUID
    const script = new Script()
      .say(domains.lookupByName, ({ name }) => ({ domain: ref(name, uuid) }))
      .say(domains.state, ({ domain }) => ({ state: uuidText(domain.uuid) === UUID ? 1 : 5, reason: 1 }))
    const { peer, rpc } = await start(script)
    expect(await rpc.domainState('vm')).to.include({ state: 'running' })
    const seen = peer.turns()
    expect(await rpc.domainState('vm')).to.include({ state: 'running' })
    expect(peer.turns() - seen).to.equal(1)
    uuid = OTHER
    expect(await rpc.domainState('vm')).to.include({ state: 'shut off' })
    script.refuse(domains.lookupByName, 42, 'no domain')
    expect(await rpc.domainState('vm')).to.equal(undefined)
  })

  it('asks no more than the definition where that says whose it is', async () => {
    let uuid = UUID
    let name = 'a &lt; b'
    const script = new Script()
      .say(domains.lookupByName, (args) => ({ domain: ref(args.name, uuid) }))
      .say(domains.xml, ({ domain }) => {
        const hex = Buffer.from(domain.uuid).toString('hex')
        return { xml: `<domain><name>${hex === UUID.replaceAll('-', '') ? name : 'a &lt; b'}</name>${hex}</domain>` }
      })
    const { rpc, calls } = await start(script)
    const read = async () => /[0-9a-f]{32}/.exec((await rpc.domainXml('a < b')) ?? '')?.[0]
    expect(await read()).to.equal(UUID.replaceAll('-', ''))
    expect(await read()).to.equal(UUID.replaceAll('-', ''))
    expect(calls().slice(2)).to.deep.equal([23, 14, 14])
    uuid = OTHER
    name = 'renamed'
    expect(await read()).to.equal(OTHER.replaceAll('-', ''))
    expect(calls().slice(5)).to.deep.equal([14, 23, 14])
    script.refuse(domains.xml, 42, 'no domain').refuse(domains.lookupByName, 42, 'no domain')
    expect(await rpc.domainXml('a < b')).to.equal(undefined)
  })

  it('looks a name up before each change', async () => {
    const script = new Script()
      .say(domains.lookupByName, ({ name }) => ({ domain: ref(name) }))
      .say(domains.suspend, () => undefined)
    const { rpc, calls } = await start(script)
    await rpc.suspendDomain('vm')
    await rpc.suspendDomain('vm')
    await rpc.suspendDomain(UUID)
    expect(calls().slice(2)).to.deep.equal([23, 34, 23, 34, 34])
  })

  it('has one definition of a shape validated, the very first alone, and the others together', async () => {
    const checked: boolean[] = []
    const script = new Script().hold(domains.define).say(domains.define, ({ flags }) => {
      checked.push(flags === 1)
      return { domain: ref('a') }
    })
    const { peer, rpc, calls } = await start(script)
    const sent = () => calls().filter((number) => number === domains.define.number).length
    const define = (name: string, options = {}, more = '') =>
      rpc.defineDomain(`<domain><name>${name}</name>${more}</domain>`, options)
    const all = [define('a'), define('b'), define('c', {}, '<vcpu>1</vcpu>'), define('d', { validate: false })]
    await until(() => sent() > 0)
    expect(sent(), 'the first, and the one that is not validated').to.equal(2)
    const before = peer.turns()
    script.release(domains.define, peer)
    await Promise.all(all)
    expect([sent(), peer.turns() - before]).to.deep.equal([4, 1])
    expect(checked, 'in the order of their sending: a, d, b, c').to.deep.equal([true, false, false, true])
    await define('e', {}, '<vcpu>1</vcpu>')
    expect(checked.at(-1)).to.equal(false)
  })

  it('lets others stand around reads and changes, each of them once', async () => {
    const script = new Script()
      .say(domains.lookupByName, ({ name }) => ({ domain: ref(name) }))
      .say(domains.suspend, () => undefined)
      .say(domains.state, () => ({ state: 3, reason: 1 }))
    const peer = await openPeer(script.answer)
    opened.push(peer)
    const session = await openSession({ stream: peer.client, why: async () => new LibvirtError('gone') }, { uri: 'x' })
    const log: string[] = []
    const noted = (what: string): Around => {
      return async (work) => {
        log.push(`${what} begins`)
        const answer = await work()
        log.push(`${what} ends`)
        return answer
      }
    }
    const get = async () => session
    const virsh = {} as Libvirt
    const rpc = createRpc({ session: get, another: get, virsh, reading: noted('read'), changing: noted('change') })
    await Promise.all([rpc.suspendDomain('vm'), rpc.domainState('vm')])
    expect(log).to.deep.equal(['change begins', 'change ends', 'read begins', 'read ends'])
  })

  describe('with more calls than a daemon works on for one client', () => {
    async function two() {
      const scripts = [0, 1].map(() =>
        new Script()
          .say(connect.libraryVersion, () => ({ version: 9_000_000n }))
          .say(domains.create, () => ({ domain: ref('a') })),
      ) as [Script, Script]
      const [one, other] = [await openPeer(scripts[0].answer), await openPeer(scripts[1].answer)]
      opened.push(one, other)
      const open = (peer: Peer, another?: () => Promise<RpcSession>) =>
        openSession(
          { stream: peer.client, why: async () => new LibvirtLost('gone') },
          { uri: 'x', ...(another && { another }) },
        )
      let seconds = 0
      const session = await open(one, () => {
        seconds++
        return open(other)
      })
      const ask = (calls: number) =>
        Array.from({ length: calls }, () => session.call(connect.libraryVersion, undefined))
      const asked = (peer: Peer, procedure = connect.libraryVersion.number) =>
        peer.packets.filter((p) => p.procedure === procedure).length
      const secondIsOpen = async () => {
        await Promise.all(ask(6))
        await until(() => asked(other, connect.open.number) > 0)
        await delay(20)
      }
      return { one, other, script: scripts[1], session, seconds: () => seconds, ask, asked, secondIsOpen }
    }

    it('opens a second connection, and the two share the calls', async () => {
      const { one, other, ask, asked, seconds, session, secondIsOpen } = await two()
      await Promise.all(ask(5))
      expect(seconds()).to.equal(0)
      await secondIsOpen()
      expect([asked(one), asked(other)]).to.deep.equal([11, 0])
      await Promise.all(ask(20))
      expect([asked(one), asked(other), seconds()]).to.deep.equal([21, 10, 1])
      await Promise.all(
        Array.from({ length: 8 }, () => session.callInTurn(domains.create, { domain: ref('a'), flags: 0 })),
      )
      expect([asked(one, domains.create.number), asked(other, domains.create.number)]).to.deep.equal([8, 0])
    })

    it('does not wait for the second one where it is closed before that is open', async () => {
      const { other, script, session, ask, asked } = await two()
      script.hold(connect.open)
      await Promise.all(ask(6))
      await until(() => asked(other, connect.open.number) > 0)
      expect(await Promise.race([session.close(), delay(800, 'it waited')])).to.equal(undefined)
      script.release(connect.open, other)
      await until(() => asked(other, connect.close.number) > 0)
    })

    it('goes on with the first alone when the second is lost, and ends both with the first', async () => {
      const { one, other, ask, asked, session, script, secondIsOpen } = await two()
      await secondIsOpen()
      script.hold(connect.libraryVersion)
      const [first] = ask(1)
      const second = session.libraryVersion()
      await until(() => asked(other) === 1)
      other.server.destroy()
      expect((await first)?.version).to.equal(9_000_000n)
      expect(await second.catch((error: unknown) => error)).to.be.instanceOf(LibvirtLost)
      expect(await session.libraryVersion()).to.equal(9_000_000)
      const before = asked(one)
      await Promise.all(ask(20))
      expect(asked(one)).to.equal(before + 20)
      one.server.destroy()
      expect(await session.closed).to.be.instanceOf(LibvirtLost)
    })
  })

  it('tells an old daemon its network update in the old order', async () => {
    const wanted = { command: 'add-last', section: 'dns-txt', xml: '<txt/>', live: true } as const
    for (const [supported, order] of [
      [true, { command: 3, section: 11 }],
      [false, { command: 11, section: 3 }],
    ] as const) {
      const script = new Script()
        .say(networks.lookupByName, ({ name }) => ({ network: ref(name) }))
        .say(connect.supportsFeature, ({ feature }) => ({ supported: feature === 16 && supported }))
        .say(networks.update, () => undefined)
      const { rpc, peer } = await start(script)
      await rpc.updateNetwork('net', wanted)
      await rpc.updateNetwork('net', wanted)
      const asked = peer.packets.filter((p) => p.procedure === connect.supportsFeature.number)
      expect(asked).to.have.length(1)
      const sent = decode(networks.update.args, (peer.packets.at(-1) as Packet).payload)
      expect(sent).to.deep.include({ ...order, parentIndex: -1, flags: 1 })
    }
  })

  it("speaks to the guest's agent by QEMU's own program", async () => {
    const script = new Script()
      .say(domains.lookupByName, ({ name }) => ({ domain: ref(name) }))
      .say(domains.agentCommand, ({ command, timeout }) => ({ result: `${command} ${timeout}` }))
    const { rpc, peer } = await start(script)
    expect(await rpc.agentCommand('vm', '{"execute":"guest-ping"}')).to.equal('{"execute":"guest-ping"} -2')
    expect(await rpc.agentCommand('vm', '{}', { timeoutSeconds: 9 })).to.equal('{} 9')
    expect(peer.packets.at(-1)).to.include({ program: 0x20008087, version: 1, procedure: 3 })
  })

  it('registers for an event once, however many listen, and as long as one does', async () => {
    const script = new Script()
      .say(connect.registerEvent, () => ({ callback: 7 }))
      .say(connect.deregisterEvent, ({ callback }) => {
        expect(callback).to.equal(7)
        return undefined
      })
    const { rpc, peer, calls } = await start(script)
    const native = await rpc.native()
    const heard: string[] = []
    const note = (who: string) => (event: DomainEvent) => heard.push(`${who} ${event.kind} ${event.name}`)
    const [first, second] = await Promise.all([
      native?.subscribe(['lifecycle', 'device removed'], note('first')),
      native?.subscribe(['device removed'], note('second')),
    ])
    const { procedure, message } = events['device removed']
    const tell = () =>
      peer.server.write(
        packet({
          procedure,
          type: TYPE.message,
          serial: 0,
          payload: encode(message, { callback: 7, domain: ref('vm'), alias: 'net0' }),
        }),
      )
    tell()
    peer.server.write(packet({ procedure: 9999, type: TYPE.message, serial: 0, payload: Buffer.alloc(3) }))
    await until(() => heard.length === 2)
    await first?.end()
    expect(calls().filter((c) => c === 317)).to.have.length(1)
    tell()
    await until(() => heard.length === 3)
    await second?.end()
    expect(heard).to.deep.equal(['first device removed vm', 'second device removed vm', 'second device removed vm'])
    expect(calls().filter((c) => c === 316)).to.have.length(2)
    expect(calls().filter((c) => c === 317)).to.have.length(2)
  })

  it('registers anew only when the daemon has let the last registration go', async () => {
    const script = new Script()
      .say(connect.registerEvent, () => ({ callback: 7 }))
      .say(connect.deregisterEvent, () => undefined)
      .refuse(networks.lookupByName, 43, 'no network')
      .hold(connect.deregisterEvent)
    const { rpc, peer, calls } = await start(script)
    const native = await rpc.native()
    const first = await native?.subscribe(['lifecycle'], () => undefined)
    const ended = first?.end()
    const second = native?.subscribe(['lifecycle'], () => undefined)
    await until(() => calls().includes(317))
    await rpc.networkXml('x').catch(() => undefined)
    expect(calls().filter((c) => c === 316)).to.have.length(1)
    script.release(connect.deregisterEvent, peer)
    await Promise.all([ended, second])
    expect(calls().filter((c) => c === 316)).to.have.length(2)
  })

  it('ends over an event that is cut', async () => {
    const script = new Script().say(connect.registerEvent, () => ({ callback: 1 }))
    const { rpc, peer } = await start(script)
    const subscription = await (await rpc.native())?.subscribe(['lifecycle'], () => undefined)
    peer.server.write(packet({ procedure: 318, type: TYPE.message, serial: 0, payload: Buffer.alloc(8) }))
    expect((await subscription?.lost)?.message).to.include('malformed')
  })
})
