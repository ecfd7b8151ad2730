import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Become, ConnectionError, connectionPool, sh } from '../../../core/connection/index.ts'
import { Bench, eventually, processes, uniqueSeconds } from './setup.ts'

const PASSWORD = "it's a $ecret"
const DOAS = '/etc/doas.conf'

const failure = (promise: Promise<unknown>): Promise<ConnectionError> =>
  promise.then(
    () => {
      throw new Error('it was expected to fail')
    },
    (error: ConnectionError) => error,
  )

describe('connection: another user', function () {
  this.timeout(300_000)
  const bench = new Bench()
  const doasBefore = existsSync(DOAS) ? readFileSync(DOAS) : undefined
  let sudoers: string

  before(async () => {
    const shell = '/bin/dash'
    await bench.start({
      users: {
        free: { shell },
        asks: { shell, password: PASSWORD },
        tty: { shell, password: PASSWORD },
        pty: { shell, password: PASSWORD },
        none: { shell, password: PASSWORD },
        target: { shell: '/usr/bin/fish', password: PASSWORD },
      },
    })
    const { user } = bench.sshd
    sudoers = `/etc/sudoers.d/${user('free')}`
    writeFileSync(
      sudoers,
      [
        `${user('free')} ALL=(ALL) NOPASSWD: ALL`,
        `${user('asks')} ALL=(ALL) ALL`,
        `${user('tty')} ALL=(ALL) ALL`,
        `${user('pty')} ALL=(ALL) ALL`,
        `Defaults:${user('tty')} requiretty`,
        `Defaults:${user('pty')} use_pty`,
        `Defaults:${user('free')} timestamp_timeout=0`,
        `Defaults:${user('asks')} timestamp_timeout=0`,
        `Defaults:${user('tty')} timestamp_timeout=0`,
        `Defaults:${user('pty')} timestamp_timeout=0`,
        '',
      ].join('\n'),
      { mode: 0o440 },
    )
    writeFileSync(DOAS, `permit nopass ${user('free')}\npermit ${user('asks')}\n`, { mode: 0o600 })
  })
  after(async () => {
    rmSync(sudoers, { force: true })
    if (doasBefore) writeFileSync(DOAS, doasBefore)
    else rmSync(DOAS, { force: true })
    await bench.stop()
  })

  const connect = (user: string, transport: 'ssh' | 'openssh' = 'ssh') =>
    bench.connect(transport, 'dash', { user: bench.sshd.user(user) })
  const who = sh`id -un; echo "$HOME"; echo err >&2`

  const works: [string, string, () => Become, boolean][] = [
    ['sudo without a password', 'free', () => ({ method: 'sudo', user: 'root' }), false],
    ['sudo with NOPASSWD and a password given', 'free', () => ({ method: 'sudo', user: 'root', password: 'x' }), false],
    ['sudo with a password', 'asks', () => ({ method: 'sudo', user: 'root', password: PASSWORD }), false],
    ['sudo with requiretty', 'tty', () => ({ method: 'sudo', user: 'root', password: PASSWORD }), true],
    ['sudo with use_pty', 'pty', () => ({ method: 'sudo', user: 'root', password: PASSWORD }), false],
    ['sudo to a user that is not root', 'free', () => ({ method: 'sudo', user: bench.sshd.user('target') }), false],
    ['su with a password', 'none', () => ({ method: 'su', user: bench.sshd.user('target'), password: PASSWORD }), true],
    ['su as root, without one', 'root', () => ({ method: 'su', user: bench.sshd.user('target') }), false],
    ['doas without a password', 'free', () => ({ method: 'doas', user: 'root' }), false],
    ['doas with a password', 'asks', () => ({ method: 'doas', user: 'root', password: PASSWORD }), true],
  ]
  for (const transport of ['ssh', 'openssh'] as const) {
    for (const [name, login, become, merged] of works) {
      it(`${transport}: ${name}`, async () => {
        const connection = await connect(login, transport)
        const shell = await connection.shell(become())
        expect(shell.user).to.equal(become().user)
        const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
        const [result, echoed, foreign] = await Promise.all([
          shell.run(who),
          shell.run(sh`cat`, { stdin: bytes }),
          shell.run(sh`echo f; exit 3`, { foreign: true }),
        ])
        expect(result.merged).to.equal(merged)
        const lines = result.stdout.toString().split('\n')
        expect(lines[0]).to.equal(become().user)
        expect(lines[1]).to.equal(become().user === 'root' ? '/root' : `/home/${become().user}`)
        expect((merged ? result.stdout : result.stderr).toString()).to.include('err')
        expect(echoed.stdout.equals(bytes), 'bytes').to.equal(true)
        expect([foreign.status, foreign.stdout.toString()]).to.deep.equal([3, 'f\n'])
      })
    }
  }

  it('keeps one shell per user and method', async () => {
    const connection = await connect('free')
    const [a, b, c] = await Promise.all([
      connection.shell({ method: 'sudo', user: 'root' }),
      connection.shell({ method: 'sudo', user: 'root' }),
      connection.shell(),
    ])
    expect(a).to.equal(b)
    expect(a).to.not.equal(c)
  })

  it('reaches the children of root when it aborts', async () => {
    const seconds = uniqueSeconds()
    const shell = await (await connect('asks')).shell({ method: 'sudo', user: 'root', password: PASSWORD })
    const stop = new AbortController()
    const running = failure(shell.run(sh`sh -c ${`sleep ${seconds}; :`}`, { signal: stop.signal }))
    await eventually(() => processes(seconds).length > 0)
    stop.abort()
    expect((await running).name).to.equal('AbortError')
    expect(await eventually(() => processes(seconds).length === 0)).to.equal(true)
  })

  it('opens a channel as the other user, input and all', async () => {
    const connection = await connect('asks')
    const channel = await connection.open(sh`id -un; cat`, {
      become: { method: 'sudo', user: 'root', password: PASSWORD },
    })
    channel.stream.end('more')
    const got: Buffer[] = []
    for await (const bytes of channel.stream) got.push(bytes as Buffer)
    expect(Buffer.concat(got).toString()).to.equal('root\nmore')
    expect(await channel.exit).to.deep.equal({ status: 0 })
  })

  const refused: [string, string, () => Become, string, RegExp][] = [
    [
      'sudo with a wrong password',
      'asks',
      () => ({ method: 'sudo', user: 'root', password: 'wrong1' }),
      'become-password',
      /refused the password/,
    ],
    [
      'sudo without the password it asks for',
      'asks',
      () => ({ method: 'sudo', user: 'root' }),
      'become-password',
      /none is given/,
    ],
    [
      'sudo for a user who may not',
      'none',
      () => ({ method: 'sudo', user: 'root', password: PASSWORD }),
      'become-denied',
      /does not allow/,
    ],
    [
      'a user that does not exist',
      'free',
      () => ({ method: 'sudo', user: 'nosuchuser' }),
      'become-missing',
      /no such user/,
    ],
    [
      'a tool that does not exist',
      'free',
      () => ({ method: 'sudo', user: 'root', exe: 'nosudo' }),
      'become-missing',
      /is not on the host/,
    ],
    [
      'su with a wrong password',
      'none',
      () => ({ method: 'su', user: 'root', password: 'wrong2' }),
      'become-password',
      /refused the password/,
    ],
    ['su without a password', 'none', () => ({ method: 'su', user: 'root' }), 'become-password', /none is given/],
    [
      'su to a user that does not exist',
      'root',
      () => ({ method: 'su', user: 'nosuchuser' }),
      'become-missing',
      /no such user/,
    ],
    [
      'doas for a user who may not',
      'none',
      () => ({ method: 'doas', user: 'root' }),
      'become-denied',
      /does not allow/,
    ],
    [
      'doas without the password it asks for',
      'asks',
      () => ({ method: 'doas', user: 'root' }),
      'become-password',
      /none is given/,
    ],
    [
      'doas with a wrong password',
      'asks',
      () => ({ method: 'doas', user: 'root', password: 'wrong3' }),
      'become-password',
      /refused the password/,
    ],
  ]
  for (const [name, login, become, kind, message] of refused) {
    it(`refuses by name: ${name}`, async () => {
      const pool = connectionPool({ graceMs: 1000 })
      const endpoint = bench.endpoint('ssh', 'dash', { user: bench.sshd.user(login) })
      const error = await failure((await pool.get(endpoint)).shell(become()))
      await pool.closeAll()
      expect(error).to.be.instanceOf(ConnectionError)
      expect(error.message).to.match(message)
      expect(error.failure).to.equal(kind)
      expect(error.message + error.hint).to.not.include(become().password ?? '\0')
    })
  }

  it('tries a wrong password on one host only', async () => {
    const pool = connectionPool({ graceMs: 1000 })
    const user = bench.sshd.user('asks')
    const tries = join(bench.sshd.dir, 'tries')
    const exe = join(bench.sshd.dir, 'counted-sudo')
    writeFileSync(tries, '')
    chmodSync(tries, 0o666)
    // What sudo does with a wrong password, and counts the passwords it is given.
    const ask = 'printf %s "$4" >&2; read -r password || exit 1'
    writeFileSync(exe, `#!/bin/sh\n${ask}\necho tried >>${tries}\n${ask}\n`)
    chmodSync(exe, 0o755)
    const become: Become = { method: 'sudo', user: 'root', password: 'wrong on all', exe }
    const errors = await Promise.all(
      [1, 2, 3, 4].map(async (i) => {
        const connection = await pool.get(bench.endpoint('ssh', 'dash', { user, name: `many-${i}` }))
        return failure(connection.shell(become))
      }),
    )
    expect(errors.map((e) => e.failure)).to.deep.equal(Array(4).fill('become-password'))
    expect(errors.filter((e) => /was not tried here/.test(e.message))).to.have.length(3)
    expect(readFileSync(tries, 'utf8')).to.equal('tried\n')
    await pool.closeAll()
  })
})
