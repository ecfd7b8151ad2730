import { Duplex, PassThrough } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { ConnectionError } from '../../../../core/connection/errors.ts'
import type { Channel, Connection, ConnectionEnd } from '../../../../core/connection/types.ts'
import { LibvirtUnavailable } from '../../../../core/libvirt/errors.ts'
import { RpcSessions } from '../../../../core/libvirt/rpc/index.ts'
import { ENDED, SOCKET_MARK } from '../../../../core/libvirt/rpc/transport/script.ts'
import { openPeer, type Peer } from './daemon.ts'
import { Script } from './script.ts'

const SYSTEM = 'qemu:///system'
const SESSION = 'qemu:///session'
const MONOLITHIC = '/run/libvirt/libvirt-sock'
const MODULAR = '/run/libvirt/virtqemud-sock'

describe('the ways that sessions take', () => {
  const peers: Peer[] = []
  afterEach(async () => {
    for (const peer of peers.splice(0)) await peer.close()
  })

  async function peer(script = new Script()): Promise<Peer> {
    const opened = await openPeer((sent, to) => script.answer(sent, to))
    peers.push(opened)
    return opened
  }

  /** A host: what its SSH server does with sockets, and what its relay does. */
  function host(lets: (path: string) => Promise<Peer> | undefined, relay: () => Promise<Peer> | string) {
    const asked: string[] = []
    let lost!: (end: ConnectionEnd) => void
    const closed = new Promise<ConnectionEnd>((resolve) => {
      lost = resolve
    })
    const connection = {
      endpoint: { name: 'kvm1', transport: 'ssh' },
      closed,
      async forward({ socketPath }: { socketPath: string }) {
        asked.push(socketPath)
        const let_ = lets(socketPath)
        if (!let_) throw new ConnectionError('unreachable', 'kvm1', 'open failed')
        return (await let_).client
      },
      async open(): Promise<Channel> {
        asked.push('relay')
        const answer = relay()
        const stderr = new PassThrough()
        if (typeof answer !== 'string')
          return { stream: (await answer).client, stderr, exit: new Promise(() => undefined), close: () => undefined }
        const stream = new Duplex({ read: () => undefined, write: (_piece, _encoding, done) => done() })
        setImmediate(() => {
          stderr.write(`${SOCKET_MARK}${answer}`)
          setImmediate(() => stream.destroy())
        })
        return { stream, stderr, exit: delay(20, { status: ENDED.noRelay }), close: () => undefined }
      },
    }
    return { asked, lost, sessions: new RpcSessions(connection as unknown as Connection) }
  }
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => expect.fail('it went well'),
      (error: unknown) => error,
    )

  it('asks the SSH server for both sockets, then for the one that answered', async () => {
    const { asked, sessions } = host(
      (path) => (path === MONOLITHIC ? peer() : undefined),
      () => peer(),
    )
    await sessions.get({ uri: SYSTEM })
    await sessions.another({ uri: SYSTEM })
    expect(asked).to.deep.equal([MODULAR, MONOLITHIC, MONOLITHIC])
  })

  it('takes the modular daemon where both answer, and leaves the other', async () => {
    // Which of two real sockets is there first is the machine's to say.
    for (const slow of [MODULAR, MONOLITHIC]) {
      const led = new Map<string, Peer>()
      const { asked, sessions } = host(
        async (path) => {
          if (path === slow) await delay(20)
          const one = await peer()
          led.set(path, one)
          return one
        },
        () => peer(),
      )
      await sessions.get({ uri: SYSTEM })
      expect(asked).to.deep.equal([MODULAR, MONOLITHIC])
      expect(led.get(MODULAR)?.client.destroyed, slow).to.equal(false)
      expect(led.get(MONOLITHIC)?.client.destroyed, slow).to.equal(true)
    }
  })

  it('begins anew when the socket that answered is gone', async () => {
    const open = new Set([MONOLITHIC])
    const { asked, sessions } = host(
      (path) => (open.has(path) ? peer() : undefined),
      () => 'nowhere',
    )
    await sessions.another({ uri: SYSTEM })
    open.clear()
    expect(await failure(sessions.another({ uri: SYSTEM }))).to.be.instanceOf(LibvirtUnavailable)
    open.add(MODULAR)
    asked.length = 0
    await sessions.another({ uri: SYSTEM })
    expect(asked).to.deep.equal([MODULAR, MONOLITHIC])
  })

  it('does not ask the SSH server again where a program leads and it does not', async () => {
    const { asked, sessions } = host(
      () => undefined,
      () => peer(),
    )
    await sessions.another({ uri: SYSTEM })
    await sessions.another({ uri: SYSTEM })
    expect(asked).to.deep.equal([MODULAR, MONOLITHIC, 'relay', 'relay'])
  })

  it("asks it for a socket that only the host knows, and keeps that apart from the system's", async () => {
    const { asked, sessions } = host(
      (path) => (path === MODULAR || path === '/run/user/0/x' ? peer() : undefined),
      () => '/run/user/0/x',
    )
    await sessions.another({ uri: SESSION })
    await sessions.another({ uri: SYSTEM })
    expect(asked).to.deep.equal(['relay', '/run/user/0/x', MODULAR, MONOLITHIC])
  })

  it('is no way where nothing leads there', async () => {
    const { sessions } = host(
      () => undefined,
      () => MONOLITHIC,
    )
    expect(await failure(sessions.get({ uri: SYSTEM }))).to.include({ reason: 'no way' })
  })

  it('tells a lost connection from a daemon that closed', async () => {
    for (const [end, kind] of [
      [{ expected: false, reason: 'reset' }, 'lost'],
      [undefined, undefined],
    ] as const) {
      const { lost, sessions } = host(
        (path) => (path === MODULAR ? peer() : undefined),
        () => peer(),
      )
      const session = await sessions.get({ uri: SYSTEM })
      if (end) lost(end)
      peers.at(-1)?.server.destroy()
      const reason = await session.closed
      expect(reason instanceof ConnectionError ? reason.failure : undefined).to.equal(kind)
    }
  })

  it('ends with the signal, before the server has answered and after', async () => {
    const silent = () =>
      openPeer(() => undefined).then((one) => {
        peers.push(one)
        return one
      })
    for (const lets of [silent, () => new Promise<Peer>(() => undefined)]) {
      const { sessions } = host(lets, () => peer())
      const stop = new AbortController()
      const work = failure(sessions.another({ uri: SYSTEM }, stop.signal))
      await delay(50)
      stop.abort()
      expect(await work).to.include({ name: 'AbortError' })
    }
    expect(peers.every(({ client }) => client.destroyed)).to.equal(true)
  })

  it('notices an end that came before it listened', async () => {
    const dead = await peer()
    dead.client.destroy()
    await delay(20)
    const { sessions } = host(
      (path) => (path === MODULAR ? Promise.resolve(dead) : undefined),
      () => peer(),
    )
    expect(await failure(sessions.get({ uri: SYSTEM }))).to.be.instanceOf(Error)
  })
})
