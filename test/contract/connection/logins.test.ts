import { expect } from 'chai'
import { type ConnectionError, connectionPool, sh } from '../../../core/connection/index.ts'
import { Bench } from './setup.ts'

const failure = (promise: Promise<unknown>): Promise<ConnectionError> =>
  promise.then(
    () => {
      throw new Error('it was expected to fail')
    },
    (error: ConnectionError) => error,
  )

describe('connection: logins', function () {
  this.timeout(300_000)
  const bench = new Bench()
  const noise = 'echo noise on stdout; echo noise on stderr >&2; printf "no newline"'
  before(() =>
    bench.start({
      users: {
        dash: { shell: '/bin/dash' },
        bash: { shell: '/bin/bash' },
        mksh: { shell: '/bin/mksh' },
        fish: { shell: '/usr/bin/fish' },
        tcsh: { shell: '/usr/bin/tcsh' },
        noisy: { shell: '/bin/bash', home: { '.bashrc': `${noise}\nexport FROM_RC=1\n`, '.bash_profile': noise } },
        silent: { shell: '/bin/bash', home: { '.bashrc': 'exit 7\n' } },
        rbash: { shell: '/bin/rbash' },
        nologin: { shell: '/usr/sbin/nologin' },
        password: { shell: '/bin/dash', password: 'let me in' },
      },
      config: ['PasswordAuthentication yes', 'KbdInteractiveAuthentication no'],
    }),
  )
  after(() => bench.stop())

  for (const transport of ['ssh', 'openssh'] as const) {
    for (const login of ['dash', 'bash', 'mksh', 'fish', 'tcsh', 'noisy']) {
      it(`${transport}: a login shell ${login}`, async () => {
        const user = bench.sshd.user(login)
        const shell = await (await bench.connect(transport, 'dash', { user })).shell()
        const result = await shell.run(sh`id -un; echo "$HOME"; echo $0`)
        expect(result.stdout.toString()).to.match(new RegExp(`^${user}\n/home/${user}\n`))
        expect(result.stderr.toString()).to.equal('')
        expect(shell.user).to.equal(user)
      })
    }

    for (const [login, message] of [
      ['rbash', /the login shell is restricted/],
      ['nologin', /no POSIX shell .*not available/],
      ['silent', /no POSIX shell .*status 7/],
    ] as const) {
      it(`${transport}: refuses ${login} by name`, async () => {
        const connection = await bench.connect(transport, 'dash', { user: bench.sshd.user(login) })
        const error = await failure(connection.shell())
        expect(error.failure).to.equal('shell')
        expect(error.message).to.match(message)
      })
    }
  }

  it('logs in with a password, and says what it offered when it is wrong', async () => {
    const user = bench.sshd.user('password')
    const { privateKeyFile: _, ...rest } = bench.endpoint('ssh', 'dash', { user })
    const shell = await (await bench.pool.get({ ...rest, password: 'let me in' })).shell()
    expect(shell.user).to.equal(user)
    const error = await failure(connectionPool().get({ ...rest, password: 'wrong', retries: 3 }))
    expect(error.failure).to.equal('auth')
    expect(error.message).to.include('password').and.not.include('wrong')
  })

  it('does not use a remote shell that is not there', async () => {
    const connection = await bench.pool.get(bench.sshd.endpoint({ name: 'noshell', shellPath: '/no/such/sh' }))
    const error = await failure(connection.shell())
    expect(error.failure).to.equal('shell')
    expect(error.message).to.match(/not found|No such file/)
  })
})
