import { expect } from 'chai'
import { LibvirtError, LibvirtUnavailable } from '../../../../core/libvirt/errors.ts'
import { connect } from '../../../../core/libvirt/rpc/protocol/procedures.ts'
import { openSession } from '../../../../core/libvirt/rpc/session/session.ts'
import type { Packet } from '../../../../core/libvirt/rpc/wire/packet.ts'
import { decode, failure, openPeer, type Peer, refusalOf } from './daemon.ts'
import { Script } from './script.ts'

describe("the RPC's login", () => {
  const opened: Peer[] = []
  afterEach(async () => {
    for (const peer of opened.splice(0)) await peer.close()
  })

  async function start(script: Script): Promise<{ peer: Peer }> {
    const peer = await openPeer(script.answer)
    opened.push(peer)
    await openSession({ stream: peer.client, why: async () => new LibvirtError('gone') }, { uri: 'qemu:///system' })
    return { peer }
  }

  it('opens in one round trip', async () => {
    const { peer } = await start(new Script())
    expect(peer.turns()).to.equal(1)
    expect(peer.packets.map((p) => p.procedure)).to.deep.equal([66, 1])
    expect(decode(connect.open.args, (peer.packets[1] as Packet).payload)).to.deep.equal({
      name: 'qemu:///system',
      flags: 0,
    })
  })

  it('asks once more where the first question came too early for root', async () => {
    let tries = 0
    const script = new Script()
    const peer = await openPeer((sent, p) => {
      if (sent.procedure === connect.open.number && tries++ === 0)
        p.server.write(refusalOf(sent, 39, 'authentication required'))
      else script.answer(sent, p)
    })
    opened.push(peer)
    await openSession({ stream: peer.client, why: async () => new LibvirtError('gone') }, { uri: 'qemu:///system' })
    expect(tries).to.equal(2)
  })

  it('is refused by polkit with words that help', async () => {
    const script = new Script()
      .say(connect.authList, () => ({ types: [2] }))
      .refuse(connect.open, 39, 'authentication required')
      .refuse(connect.authPolkit, 94, 'authentication unavailable: no polkit agent')
    const error = await failure(start(script))
    expect(error).to.be.instanceOf(LibvirtUnavailable).and.to.include({ reason: 'permission denied' })
    expect(error.message).to.match(/no polkit agent.*root.*group libvirt/)
    const sasl = await failure(
      start(new Script().say(connect.authList, () => ({ types: [1] })).refuse(connect.open, 39, 'x')),
    )
    expect(sasl).to.be.instanceOf(LibvirtUnavailable).and.to.include({ reason: 'no way' })
  })

  it("gives the wire's reason where there is no daemon", async () => {
    const peer = await openPeer((_, p) => p.server.destroy())
    opened.push(peer)
    const why = async () => new LibvirtUnavailable('not running', 'no socket')
    const error = await failure(openSession({ stream: peer.client, why }, { uri: 'qemu:///system' }))
    expect(error).to.include({ reason: 'not running', message: 'no socket' })
  })
})
