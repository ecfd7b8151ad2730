import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { expect } from 'chai'
import { type Connection, ConnectionError, sh } from '../../../core/connection/index.ts'
import { Bench, eventually, processes, uniqueSeconds } from './setup.ts'

async function all(stream: Readable): Promise<Buffer> {
  const got: Buffer[] = []
  for await (const bytes of stream) got.push(bytes as Buffer)
  return Buffer.concat(got)
}

const failure = (promise: Promise<unknown>): Promise<ConnectionError> =>
  promise.then(
    () => {
      throw new Error('it was expected to fail')
    },
    (error: ConnectionError) => error,
  )

for (const transport of ['ssh', 'openssh', 'local'] as const) {
  describe(`connection: channels, ${transport}`, function () {
    this.timeout(300_000)
    const bench = new Bench()
    let connection: Connection
    let echo: Server
    before(async () => {
      await bench.start()
      connection = await bench.connect(transport)
      echo = createServer((socket) => socket.pipe(socket))
    })
    after(async () => {
      echo.close()
      await bench.stop()
    })

    it('opens a command with its input and output', async () => {
      const bytes = randomBytes(3_000_000)
      const channel = await connection.open(sh`cat; echo err >&2; exit 9`)
      const out = all(channel.stream)
      const err = all(channel.stderr)
      channel.stream.end(bytes)
      expect((await out).equals(bytes)).to.equal(true)
      expect((await err).toString()).to.equal('err\n')
      expect(await channel.exit).to.deep.equal({ status: 9 })
    })

    it('closes a command by the end of its input', async () => {
      const channel = await connection.open(sh`cat; exit 0`)
      channel.close()
      await channel.exit.catch(() => undefined)
      expect(channel.stream.destroyed).to.equal(true)
    })

    it('forwards to a TCP port and to a socket of the host', async () => {
      const socketPath = join(bench.sshd.dir, 'echo.sock')
      for (const listen of [{ port: 0, host: '127.0.0.1' }, { path: socketPath }]) {
        await new Promise<void>((resolve) => echo.listen(listen, resolve))
        const address = echo.address()
        const target =
          typeof address === 'object' && address ? { host: '127.0.0.1', port: address.port } : { socketPath }
        const stream = await connection.forward(target)
        stream.write('ping')
        const [answer] = (await new Promise((resolve) => stream.once('data', (d) => resolve([d])))) as [Buffer]
        expect(answer.toString()).to.equal('ping')
        stream.destroy()
        await new Promise((resolve) => echo.close(resolve))
      }
    })

    it('says when a socket of the host cannot be reached', async function () {
      // ssh's own end of the forwarded socket accepts first; that the other end is missing shows only as an early end.
      if (transport === 'openssh') this.skip()
      const error = await failure(connection.forward({ socketPath: '/no/such/socket' }))
      expect(error).to.be.instanceOf(ConnectionError)
      expect(error.message).to.match(/no\/such\/socket|ENOENT/)
    })

    it('takes what it forwards along when it is closed', async () => {
      const own = await bench.connect(transport)
      const socketPath = join(bench.sshd.dir, 'echo.sock')
      await new Promise<void>((resolve) => echo.listen({ path: socketPath }, resolve))
      const stream = await own.forward({ socketPath })
      stream.on('error', () => undefined).resume()
      const closed = new Promise((resolve) => stream.once('close', resolve))
      await own.close()
      await closed
      await new Promise((resolve) => echo.close(resolve))
    })

    it('proves that the host can be reached anew', async function () {
      // The controller is not reached over a network.
      if (transport === 'local') this.skip()
      const logins = (): number => bench.sshd.log.filter((l) => /Accepted publickey/.test(l)).length
      const before = logins()
      await connection.reconnectCheck()
      expect(await eventually(() => logins() === before + 1)).to.equal(true)
    })
  })
}

describe('connection: loss', function () {
  this.timeout(300_000)
  const bench = new Bench()
  before(() => bench.start())
  after(() => bench.stop())

  it('says whether the command may have run, and ends what ran', async () => {
    const connection = await bench.connect('ssh', 'dash')
    const shell = await connection.shell()
    const seconds = uniqueSeconds()
    await cutDuring(connection, async () => {
      const running = failure(shell.run(sh`sleep ${seconds}`))
      await eventually(() => processes(seconds).length > 0)
      return { running }
    })
    expect(await eventually(() => processes(seconds).length === 0)).to.equal(true)
    const end = await connection.closed
    expect(end.expected).to.equal(false)
    const error = await failure(shell.run(sh`:`))
    expect(error.failure).to.equal('lost')
    expect(error.message).to.match(/was not sent/)
  })

  it('lets a shielded command run to its end', async () => {
    const connection = await bench.connect('ssh', 'mksh')
    const shell = await connection.shell()
    const seconds = uniqueSeconds()
    await cutDuring(connection, async () => {
      const running = failure(shell.run(sh`sleep ${seconds}; :`, { shielded: true }))
      await eventually(() => processes(seconds).length > 0)
      return { running }
    })
    await new Promise((resolve) => setTimeout(resolve, 300))
    const left = processes(`sleep ${seconds}`)
    expect(left).to.have.length(1)
    for (const pid of left) process.kill(pid)
  })

  /** Starts a command, cuts the line under it (by ending the sshd that serves it), and looks at its error. */
  async function cutDuring(
    connection: Connection,
    start: () => Promise<{ running: Promise<ConnectionError> }>,
  ): Promise<void> {
    const { running } = await start()
    const parent = sh`read -r s </proc/$p/stat; s=${sh.raw('${s##*) ? }')}; p=${sh.raw('${s%% *}')}`
    const script = sh`p=$$; while :; do read -r c </proc/$p/comm; [ "$c" = sshd ] && break; ${parent}; done; kill -s KILL $p`
    await connection.open(script).then(
      (channel) => channel.exit.catch(() => undefined),
      () => undefined,
    )
    const error = await running
    expect(error).to.be.instanceOf(ConnectionError)
    expect(error.failure).to.equal('lost')
    expect(error.message).to.match(/may have run/)
  }
})

describe('connection: MaxSessions 1', function () {
  this.timeout(300_000)
  const bench = new Bench()
  before(() => bench.start({ config: ['MaxSessions 1'] }))
  after(() => bench.stop())

  it('opens more connections for more sessions', async () => {
    const connection = await bench.connect('ssh')
    const shell = await connection.shell()
    const other = await connection.shell({ method: 'sudo', user: 'nobody' })
    const lines: string[] = []
    const [a, b, c, d] = await Promise.all([
      shell.run(sh`id -un`),
      other.run(sh`id -un`),
      shell.run(sh`echo line`, { onLine: (_stream, line) => lines.push(line) }),
      shell.run(sh`wc -c`, { stdin: Buffer.alloc(500_000) }),
    ])
    expect([a, b, d].map((r) => r.stdout.toString().trim())).to.deep.equal(['root', 'nobody', '500000'])
    expect(c.status).to.equal(0)
    expect(lines).to.deep.equal(['line'])
  })
})
