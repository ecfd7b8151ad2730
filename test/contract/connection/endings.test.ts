import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { expect } from 'chai'
import { resolveEndpoint } from '../../../core/connection/config/resolve.ts'
import { ConnectionError } from '../../../core/connection/errors.ts'
import { connectionPool, sh } from '../../../core/connection/index.ts'
import { acquireLease } from '../../../core/connection/lease/lease.ts'
import { Bastions } from '../../../core/connection/ssh/bastions.ts'
import { login } from '../../../core/connection/ssh/login.ts'
import { Bench, eventually, processes, uniqueSeconds, withAgent } from './setup.ts'

/** A way to that port, on which nothing comes through any more once it is told so, not even an end. */
async function silenceable(to: number): Promise<{ port: number; silence: () => void; stop: () => void }> {
  const ends: Socket[] = []
  const server = createServer({ allowHalfOpen: true }, (from) => {
    const on = connect({ port: to, host: '127.0.0.1', allowHalfOpen: true })
    from.on('error', () => undefined).pipe(on.on('error', () => undefined))
    on.pipe(from)
    ends.push(from, on)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    silence: () => {
      for (const end of ends) end.unpipe().resume()
    },
    stop: () => {
      for (const end of ends) end.destroy()
      server.close()
    },
  }
}

/** A port whose queue is full for good: the kernel leaves every further attempt to connect without an answer. */
async function fullListener(): Promise<{ port: number; stop: () => void }> {
  const listener = spawn(process.execPath, [
    '-e',
    `const s = require('node:net').createServer().listen(0, '127.0.0.1', 1, () => {
      require('node:fs').writeSync(1, String(s.address().port))
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    })`,
  ])
  const [said] = (await once(listener.stdout, 'data')) as [Buffer]
  const port = Number(said.toString())
  const fillers = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => undefined))
  await once(fillers[0] as Socket, 'connect')
  return {
    port,
    stop: () => {
      for (const one of fillers) one.destroy()
      listener.kill('SIGKILL')
    },
  }
}

describe('connection: the end of all', function () {
  this.timeout(60_000)
  const bench = new Bench()
  before(() => bench.start())
  after(() => bench.stop())

  for (const transport of ['ssh', 'openssh', 'local'] as const) {
    for (const options of [{}, { foreign: true }]) {
      it(`${transport}: leaves nothing that does not listen to TERM ${JSON.stringify(options)}`, async () => {
        const pool = connectionPool({ graceMs: 1000 })
        const shell = await (await pool.get(bench.endpoint(transport))).shell()
        const seconds = uniqueSeconds()
        const stop = new AbortController()
        const running = shell.run(sh`trap '' TERM; sleep ${seconds}; sleep ${seconds}`, {
          ...options,
          signal: stop.signal,
        })
        running.catch(() => undefined)
        expect(await eventually(() => processes(`sleep ${seconds}`).length > 0)).to.equal(true)
        stop.abort(new Error('stop'))
        const since = performance.now()
        await pool.closeAll()
        expect(performance.now() - since).to.be.below(2000)
        expect(await eventually(() => processes(`sleep ${seconds}`).length === 0, 10_000)).to.equal(true)
      })
    }
  }

  it('ends a command that has hardly begun', async () => {
    const pool = connectionPool({ graceMs: 1000 })
    const shell = await (await pool.get(bench.endpoint('local'))).shell()
    const seconds = uniqueSeconds()
    // A job is first a copy of the shell that listens, then setsid, then a shell of its own.
    for (const wait of [0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12]) {
      const stop = new AbortController()
      const running = shell
        .run(sh`exec sleep ${seconds}`, { foreign: wait % 2 === 0, signal: stop.signal })
        .catch((e: Error) => e.message)
      await new Promise((resolve) => setTimeout(resolve, wait))
      stop.abort(new Error('stop'))
      expect(await running).to.equal('stop')
      expect((await shell.run(sh`echo next`)).stdout.toString()).to.equal('next\n')
      expect(processes(`sleep ${seconds}`)).to.deep.equal([])
    }
    await pool.closeAll()
  })

  it('ends a command though its shell is hung up on while it does', async () => {
    for (const [i, kind] of (['dash', 'bash', 'dash', 'bash', 'dash', 'bash'] as const).entries()) {
      const pool = connectionPool({ graceMs: 1000 })
      const shell = await (await pool.get(bench.endpoint('local', kind, { name: `hung-up-${i}` }))).shell()
      const [seconds, stop] = [uniqueSeconds(), new AbortController()]
      const listener = Number((await shell.run(sh`echo $PPID`)).stdout)
      const running = shell.run(sh`exec sleep ${seconds}`, { foreign: true, signal: stop.signal })
      running.catch(() => undefined)
      expect(await eventually(() => processes(`sleep ${seconds}`).length > 0)).to.equal(true)
      stop.abort(new Error('stop'))
      await new Promise((resolve) => setTimeout(resolve, i / 2))
      process.kill(listener, 'SIGHUP')
      expect(await eventually(() => processes(`sleep ${seconds}`).length === 0, 10_000)).to.equal(true)
      await pool.closeAll()
    }
  })

  it('closes many at once, in the middle of commands and of logins', async () => {
    const pool = connectionPool({ graceMs: 1000 })
    const seconds = uniqueSeconds()
    const hosts = Array.from({ length: 24 }, (_, i) => bench.endpoint('ssh', 'dash', { name: `many-${i}` }))
    let running = 0
    for (const endpoint of hosts) {
      void (async () => {
        const connection = await pool.get(endpoint)
        const shell = await connection.shell()
        running++
        await shell.run(sh`sleep ${seconds}`)
      })().catch(() => undefined)
    }
    expect(await eventually(() => running >= 6, 30_000)).to.equal(true)
    const since = performance.now()
    await pool.closeAll()
    expect(performance.now() - since).to.be.below(2000)
    expect(await eventually(() => processes(`sleep ${seconds}`).length === 0, 10_000)).to.equal(true)
  })

  it('does not wait for a bastion that says nothing', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined).resume())
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const address = silent.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const pool = connectionPool()
    const proxyJump = `root@127.0.0.1:${port}`
    const opening = pool.get(bench.endpoint('ssh', 'dash', { name: 'behind', proxyJump })).catch((e: Error) => e)
    await new Promise((resolve) => silent.once('connection', resolve))
    const since = performance.now()
    await pool.closeAll()
    expect(await opening).to.be.instanceOf(Error)
    expect(performance.now() - since).to.be.below(1000)
    silent.close()
  })

  it('does not wait for a host that says nothing to its bastion', async () => {
    const full = await fullListener()
    const pool = connectionPool()
    const behind = {
      name: 'behind',
      port: full.port,
      proxyJump: `root@127.0.0.1:${bench.sshd.port}`,
      hostKeys: { policy: 'off' },
    } as const
    try {
      await withAgent(bench.sshd, async () => {
        const impatient = bench.endpoint('ssh', 'dash', { ...behind, connectTimeoutMs: 1500 })
        const error = await pool.get(impatient).catch((e: Error) => e)
        expect(error).to.be.instanceOf(ConnectionError).with.property('failure', 'timeout')
        expect((error as Error).message).to.match(/through 127\.0\.0\.1: .*timed out: no answer in 1\.5 s/)
        const opening = pool.get(bench.endpoint('ssh', 'dash', behind)).catch((e: Error) => e)
        await new Promise((resolve) => setTimeout(resolve, 500))
        const since = performance.now()
        await pool.closeAll()
        expect(await opening).to.be.instanceOf(Error)
        expect(performance.now() - since).to.be.below(1000)
      })
    } finally {
      await pool.closeAll()
      full.stop()
    }
  })

  it('leaves a host that has fallen silent behind its bastion, and the bastion with it', async () => {
    const way = await silenceable(bench.sshd.port)
    try {
      await withAgent(bench.sshd, async () => {
        const behind = bench.endpoint('ssh', 'dash', {
          name: 'behind',
          port: way.port,
          proxyJump: `root@127.0.0.1:${bench.sshd.port}`,
          hostKeys: { policy: 'off' },
        })
        const resolved = await resolveEndpoint(behind)
        const stream = await new Bastions().reach('behind', resolved)
        const closed = once(stream, 'close').then(() => 'closed')
        const inside = await login('behind', resolved, stream)
        way.silence()
        inside.leave()
        const late = new Promise((resolve) => setTimeout(resolve, 10_000, 'held'))
        expect(await Promise.race([Promise.all([inside.ended, closed]).then(() => 'ended'), late])).to.equal('ended')
      })
    } finally {
      way.stop()
    }
  })

  it('gives up a lease that is not yet held when the task is stopped, and keeps one that is', async () => {
    const connection = await bench.connect('ssh')
    const stop = new AbortController()
    const lease = await acquireLease(connection, { run: 'kept', signal: stop.signal })
    stop.abort(new Error('stop'))
    const over = await Promise.race([lease.ended, new Promise((resolve) => setTimeout(resolve, 300, 'held'))])
    expect(over).to.equal('held')
    await lease.release()
  })
})
