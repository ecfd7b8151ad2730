import { writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { ConnectionError, connectionPool, sh } from '../../../core/connection/index.ts'
import { freePort, type Sshd, startSshd } from '../sshd.ts'
import { Bench, eventually, withAgent } from './setup.ts'

const failure = (promise: Promise<unknown>): Promise<ConnectionError> =>
  promise.then(
    () => {
      throw new Error('it was expected to fail')
    },
    (error: ConnectionError) => error,
  )

describe('connection: the pool', function () {
  this.timeout(300_000)
  const bench = new Bench()
  before(() => bench.start())
  after(() => bench.stop())
  const accepted = (sshd: Sshd = bench.sshd): number => sshd.log.filter((l) => /Accepted publickey/.test(l)).length

  it('opens one connection per endpoint, and a new one after it was dropped', async () => {
    const before = accepted()
    const [a, b] = await Promise.all([bench.connect('ssh'), bench.connect('ssh')])
    expect(a).to.equal(b)
    await bench.pool.forget(a.endpoint.name)
    const c = await bench.connect('ssh')
    expect(c).to.not.equal(a)
    expect(await eventually(() => accepted() === before + 2)).to.equal(true)
    expect(await a.closed).to.deep.equal({ expected: true, reason: 'closed' })
  })

  it('offers the public key first, and nothing before it', async () => {
    const before = bench.sshd.log.length
    await connectionPool()
      .get(bench.sshd.endpoint({ name: 'first' }))
      .then((c) => c.close())
    expect(bench.sshd.log.slice(before).filter((l) => /Failed/.test(l))).to.deep.equal([])
  })

  it('tries again when a port is closed at first', async () => {
    const port = await freePort()
    const pool = connectionPool()
    const opening = pool.get(bench.sshd.endpoint({ name: 'later', port, retries: 5 }))
    const relay = createServer((socket) => {
      const to = connect(bench.sshd.port, '127.0.0.1')
      socket.pipe(to).pipe(socket)
      for (const s of [socket, to]) s.on('error', () => undefined)
    })
    await new Promise((resolve) => setTimeout(resolve, 100))
    relay.listen(port, '127.0.0.1')
    const connection = await opening
    expect((await (await connection.shell()).run(sh`echo up`)).stdout.toString()).to.equal('up\n')
    await pool.closeAll()
    relay.close()
  })

  it('says refused, timeout, resolve by name', async () => {
    const pool = connectionPool()
    const get = (more: object) => failure(pool.get(bench.sshd.endpoint({ name: 'x', ...more })))
    expect((await get({ port: await freePort() })).failure).to.equal('refused')
    expect((await get({ address: 'no-such-name.invalid' })).failure).to.equal('resolve')
    const silent = createServer(() => undefined)
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const address = silent.address()
    const port = typeof address === 'object' && address ? address.port : 0
    expect((await get({ port, connectTimeoutMs: 200 })).failure).to.equal('timeout')
    silent.close()
  })

  it('never tries again after a wrong host key or a refused key', async () => {
    const other = await startSshd()
    const pool = connectionPool()
    const connections = (): number => bench.sshd.log.filter((l) => /^Connection from/.test(l)).length
    for (const [name, more, kind] of [
      ['key', { hostKeys: { policy: 'strict', pinned: [other.hostKey] } }, 'host-key-changed'],
      ['auth', { privateKeyFile: other.keyFile }, 'auth'],
    ] as const) {
      const before = connections()
      const error = await failure(pool.get(bench.sshd.endpoint({ name, retries: 3, ...more })))
      expect(error.failure).to.equal(kind)
      await eventually(() => connections() > before)
      expect(connections() - before).to.equal(1)
    }
    await other.stop()
  })

  it('ends an attempt that nobody waits for any more', async () => {
    const silent = createServer()
    const gone = new Promise((resolve) =>
      silent.once('connection', (s) =>
        s
          .on('error', () => undefined)
          .once('close', resolve)
          .resume(),
      ),
    )
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const address = silent.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const stop = new AbortController()
    const opening = failure(connectionPool().get(bench.sshd.endpoint({ name: 'silent', port }), stop.signal))
    silent.once('connection', () => stop.abort())
    expect((await opening).name).to.equal('AbortError')
    await gone
    silent.close()
  })

  it('goes through a bastion once for all hosts behind it', async () => {
    const bastion = await startSshd()
    const pool = connectionPool()
    try {
      await withAgent(bastion, async () => {
        const known = join(bastion.dir, 'known_hosts')
        writeFileSync(
          known,
          `[127.0.0.1]:${bench.sshd.port} ${bench.sshd.hostKey}\n[localhost]:${bastion.port} ${bastion.hostKey}\n`,
        )
        const endpoints = [1, 2, 3].map((i) =>
          bench.sshd.endpoint({
            name: `behind-${i}`,
            proxyJump: `root@localhost:${bastion.port}`,
            hostKeys: { policy: 'strict', files: [known] },
          }),
        )
        const shells = await Promise.all(endpoints.map(async (e) => (await pool.get(e)).shell()))
        const results = await Promise.all(shells.map((s) => s.run(sh`echo here`)))
        expect(results.map((r) => r.stdout.toString())).to.deep.equal(Array(3).fill('here\n'))
        expect(accepted(bastion)).to.equal(1)
        // Another one's rules do not let it through a bastion that its own do not know.
        const stranger = join(bastion.dir, 'known_host')
        writeFileSync(stranger, `[127.0.0.1]:${bench.sshd.port} ${bench.sshd.hostKey}\n`)
        const strict = { ...endpoints[0]!, name: 'strict', hostKeys: { policy: 'strict', files: [stranger] } as const }
        expect(await failure(pool.get(strict))).to.have.property('failure', 'host-key-unknown')
      })
    } finally {
      await pool.closeAll()
      await bastion.stop()
    }
  })

  it('has one connection for a host, however often it may be tried', async () => {
    const pool = connectionPool()
    try {
      const endpoint = bench.endpoint('ssh', 'dash', { name: 'again' })
      const once = await pool.get({ ...endpoint, retries: 0 })
      expect(await pool.get(endpoint)).to.equal(once)
      expect(await pool.get({ ...endpoint, port: bench.sshd.port, retries: 5 })).to.equal(once)
    } finally {
      await pool.closeAll()
    }
  })

  it('limits handshakes at once', async () => {
    let now = 0
    let most = 0
    const pool = connectionPool({
      handshakes: 3,
      open: async () => {
        most = Math.max(most, ++now)
        await new Promise((resolve) => setTimeout(resolve, 5))
        now--
        throw new ConnectionError('auth', 'h', 'no')
      },
    })
    const all = Array.from({ length: 12 }, (_, i) => failure(pool.get(bench.sshd.endpoint({ name: `h${i}` }))))
    await Promise.all(all)
    expect(most).to.equal(3)
  })
})
