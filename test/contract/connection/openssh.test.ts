import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Duplex, Readable } from 'node:stream'
import { expect } from 'chai'
import { ConnectionError } from '../../../core/connection/errors.ts'
import { openOpenssh } from '../../../core/connection/openssh/transport.ts'
import { openSsh } from '../../../core/connection/ssh/transport.ts'
import type { Transport } from '../../../core/connection/transport.ts'
import type { Endpoint } from '../../../core/connection/types.ts'
import { freePort, type Sshd, startSshd } from '../sshd.ts'
import { withAgent } from './setup.ts'

const PASSWORD = `it's "secret" $HOME \\ %h`

describe('the transport openssh', function () {
  this.timeout(300_000)
  let sshd: Sshd
  let certificate: string
  const open: Transport[] = []
  const endpoint = (more: Partial<Endpoint> = {}) => sshd.endpoint({ name: 'kvm1', transport: 'openssh', ...more })
  const login = async (more: Partial<Endpoint> = {}): Promise<Transport> => {
    const transport = await openOpenssh(endpoint(more))
    open.push(transport)
    return transport
  }
  const refused = async (more: Partial<Endpoint>): Promise<ConnectionError> => {
    const error = await login(more).catch((e: unknown) => e)
    expect(error).to.be.instanceOf(ConnectionError)
    return error as ConnectionError
  }
  const run = async (transport: Transport, command: string): Promise<string> => {
    const channel = await transport.openChannel(command)
    channel.stdin.end()
    channel.stderr.resume()
    return (await text(channel.stdout)).trim()
  }

  before(async () => {
    sshd = await startSshd({
      config: ['TrustedUserCAKeys /run/virtfleet-test-ca.pub', 'MaxSessions 4'],
      users: { sesame: { shell: '/bin/sh', password: PASSWORD } },
    })
    const ca = join(sshd.dir, 'ca')
    certificate = join(sshd.dir, 'certified')
    for (const file of [ca, certificate]) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file])
    execFileSync('ssh-keygen', ['-q', '-s', ca, '-I', 'test', '-n', 'root', `${certificate}.pub`])
    copyFileSync(`${ca}.pub`, '/run/virtfleet-test-ca.pub')
  })
  afterEach(() => Promise.all(open.splice(0).map((transport) => transport.close())))
  after(async () => {
    await sshd?.stop()
    execFileSync('rm', ['-f', '/run/virtfleet-test-ca.pub'])
  })

  it('says who and where, and gives the streams and the status of a command', async () => {
    const transport = await login()
    expect(transport.user).to.equal('root')
    const fingerprint = execFileSync('ssh-keygen', ['-lf', `${sshd.hostKeyFile}.pub`], { encoding: 'utf8' }).split(
      ' ',
    )[1]
    expect(transport.description).to.equal(`root@127.0.0.1:${sshd.port}, ssh-ed25519 key ${fingerprint}`)
    const channel = await transport.openChannel('cat; echo err >&2; exit 7')
    channel.stdin.end(Buffer.from([0, 255, 10, 13]))
    const [out, err] = await Promise.all([bytes(channel.stdout), text(channel.stderr)])
    expect([...out]).to.deep.equal([0, 255, 10, 13])
    expect(err).to.equal('err\n')
    expect(await channel.exit).to.deep.equal({ status: 7 })
    expect(await (await transport.openChannel('exit 255')).exit).to.deep.equal({ status: 255 })
  })

  it('gives a terminal without echo that merges both streams', async () => {
    const channel = await (await login()).openChannel('exec /bin/sh -s', { pty: true })
    channel.stdin.write('tty >/dev/null && echo yes; echo err >&2; exit 3\n')
    const [out, err] = await Promise.all([text(channel.stdout), text(channel.stderr)])
    expect(out).to.contain('yes\nerr\n').and.not.contain('tty >')
    expect(err).to.equal('')
    expect(await channel.exit).to.deep.equal({ status: 3 })
  })

  it('makes one login for many channels, and says when the host gives no more', async () => {
    const transport = await login()
    await settled()
    const logins = sshd.log.filter((line) => line.startsWith('Accepted publickey')).length
    const channels = await Promise.all(Array.from({ length: 5 }, () => transport.openChannel('cat')))
    const statuses = channels.map((channel) => channel.exit)
    expect(await Promise.race(statuses)).to.deep.equal({ status: undefined })
    for (const channel of channels) channel.stdin.end()
    expect((await Promise.all(statuses)).filter(({ status }) => status === 0)).to.have.length(4)
    expect(sshd.log.filter((line) => line.startsWith('Accepted publickey')).length).to.equal(logins)
  })

  it('logs in with a certificate, which the transport ssh names and refuses', async () => {
    const logins = sshd.log.length
    expect(await run(await login({ privateKeyFile: certificate }), 'id -un')).to.equal('root')
    expect(sshd.log.slice(logins).join('\n')).to.match(/Accepted publickey for root .* ED25519-CERT .*ID test/)
    const error = await openSsh({ ...endpoint({ privateKeyFile: certificate }), transport: 'ssh' }).catch(
      (e: unknown) => e,
    )
    expect(error).to.be.instanceOf(ConnectionError)
    expect(`${(error as ConnectionError).message} ${(error as ConnectionError).hint}`)
      .to.contain(`${certificate}-cert.pub`)
      .and.contain('ansible_connection: openssh')
  })

  it('gives a password on demand, and no process or file ever shows it', async () => {
    const user = sshd.user('sesame')
    const { privateKeyFile: _key, ...plain } = endpoint({ user, password: PASSWORD })
    const transport = await openOpenssh(plain)
    open.push(transport)
    expect(await run(transport, 'id -un')).to.equal(user)
    const shown = execFileSync(
      'sh',
      ['-c', 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n"'],
      {
        encoding: 'latin1',
        maxBuffer: 1 << 26,
      },
    )
    expect(shown).not.to.contain(PASSWORD)
    const wrong = await openOpenssh({ ...plain, password: 'wrong' }).catch((e: unknown) => e)
    expect(wrong).to.have.property('failure', 'auth')
  })

  it('opens an encrypted key with its passphrase', async () => {
    const file = join(sshd.dir, 'encrypted')
    copyFileSync(sshd.keyFile, file)
    execFileSync('chmod', ['600', file])
    execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'open sesame', '-f', file])
    expect(await run(await login({ privateKeyFile: file, privateKeyPassphrase: 'open sesame' }), 'echo in')).to.equal(
      'in',
    )
    expect((await refused({ privateKeyFile: file, privateKeyPassphrase: 'wrong' })).failure).to.equal('auth')
    expect((await refused({ privateKeyFile: file })).failure).to.equal('auth')
  })

  it('never gives the password of a host to its bastion', async () => {
    const log = sshd.log.length
    const user = sshd.user('sesame')
    const { privateKeyFile: _key, ...plain } = endpoint({ user, password: PASSWORD })
    const error = await openOpenssh({
      ...plain,
      proxyJump: `${user}@localhost:${sshd.port}`,
      hostKeys: { policy: 'off' },
    }).catch((e: unknown) => e)
    expect(error).to.be.instanceOf(ConnectionError)
    expect(sshd.log.slice(log).join('\n')).not.to.match(/(?:Accepted|Failed) password/)
  })

  it('goes through a bastion and through a ProxyCommand, with the rules for host keys', async () => {
    const known = join(sshd.dir, 'known_hosts')
    const name = `[127.0.0.1]:${sshd.port}`
    writeFileSync(known, `${name} ${sshd.hostKey}\n`)
    const hostKeys = { policy: 'strict', files: [known] } as const
    const proxyCommand = `ssh -F none -i ${sshd.keyFile} -o UserKnownHostsFile=${known} -p ${sshd.port} -W %h:%p root@127.0.0.1`
    expect(await run(await login({ proxyCommand, hostKeys }), 'echo through')).to.equal('through')
    await withAgent(sshd, async () => {
      expect(await run(await login({ proxyJump: `root@127.0.0.1:${sshd.port}`, hostKeys }), 'echo jumped')).to.equal(
        'jumped',
      )
      const [here, unknown] = [`root@127.0.0.1:${sshd.port}`, `root@localhost:${sshd.port}`]
      expect(await run(await login({ proxyJump: `${here},${here}`, hostKeys }), 'echo twice')).to.equal('twice')
      for (const proxyJump of [unknown, `${here},${unknown}`, `${unknown},${here}`]) {
        const error = await refused({ proxyJump, hostKeys })
        expect(error.failure, proxyJump).to.equal('host-key-unknown')
      }
    })
  })

  it('refuses unknown and changed host keys, and takes a new one where told', async () => {
    const known = join(sshd.dir, 'known')
    writeFileSync(known, '')
    const strict = { policy: 'strict', files: [known] } as const
    const unknown = await refused({ hostKeys: strict })
    expect(unknown.failure).to.equal('host-key-unknown')
    expect(unknown.message).to.match(/SHA256:\S{43}/)
    const transport = await login({ hostKeys: { policy: 'accept-new', files: [known] } })
    expect(await run(transport, 'echo in')).to.equal('in')
    expect(readFileSync(known, 'utf8')).not.to.equal('')
    await login({ hostKeys: strict })
    const other = readFileSync(`${sshd.keyFile}.pub`, 'utf8')
    writeFileSync(known, `[127.0.0.1]:${sshd.port} ${other}`)
    const changed = await refused({ hostKeys: { policy: 'accept-new', files: [known] } })
    expect(changed.failure).to.equal('host-key-changed')
    expect(changed.message).to.contain(`${known}:1`)
    writeFileSync(known, `@revoked * ${sshd.hostKey}\n`)
    expect((await refused({ hostKeys: strict })).failure).to.equal('host-key-revoked')
    expect((await refused({ hostKeys: { policy: 'off', pinned: [other.trim()] } })).failure).to.equal(
      'host-key-changed',
    )
    await login({ hostKeys: { policy: 'off' } })
  })

  it('tells failures apart', async () => {
    expect((await refused({ port: await freePort() })).failure).to.equal('refused')
    expect((await refused({ address: 'no-such-host.invalid' })).failure).to.equal('resolve')
    expect((await refused({ privateKeyFile: sshd.hostKeyFile })).failure).to.equal('auth')
    expect((await refused({ sshArgs: ['-o', 'Nonsense=yes'] })).failure).to.equal('config')
    expect((await refused({ address: '-oProxyCommand=id' })).failure).to.equal('config')
    const silent = createServer()
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as { port: number }
    expect((await refused({ port, connectTimeoutMs: 1000 })).failure).to.equal('timeout')
    silent.close()
  })

  it('forwards to ports and sockets', async () => {
    const transport = await login()
    const greeting = await transport.forward({ host: '127.0.0.1', port: sshd.port })
    expect(String(await once(greeting, 'data'))).to.match(/^SSH-2.0/)
    greeting.destroy()
    const path = join(sshd.dir, 'echo.sock')
    const server = createServer((socket) => socket.pipe(socket))
    server.listen(path)
    await once(server, 'listening')
    const echo: Duplex = await transport.forward({ socketPath: path })
    echo.end('hello')
    expect(await text(echo)).to.equal('hello')
    server.close()
    const error = await transport.forward({ host: '127.0.0.1', port: await freePort() }).catch((e: unknown) => e)
    expect(error).to.be.instanceOf(ConnectionError).with.property('message').that.contains('Connection refused')
  })

  it('proves that the host can be reached anew', async () => {
    const transport = await login()
    const logins = () => sshd.log.filter((line) => line.startsWith('Accepted publickey')).length
    expect(await run(transport, 'echo in')).to.equal('in')
    await settled()
    const before = logins()
    await transport.reconnectCheck()
    await settled()
    expect(logins()).to.equal(before + 1)
    expect(await run(transport, 'echo still')).to.equal('still')
  })

  it('gives up logging in when told', async () => {
    const silent = createServer()
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as { port: number }
    const error = await openOpenssh(endpoint({ port }), AbortSignal.timeout(200)).catch((e: unknown) => e)
    expect(error).to.have.property('name', 'TimeoutError')
    silent.close()
  })

  it('notices that the connection is lost', async () => {
    const transport = await login()
    const channel = await transport.openChannel('exec sleep 1000')
    const child = (await run(transport, 'echo $PPID')).trim()
    process.kill(Number(child))
    expect(await channel.exit).to.deep.equal({ status: undefined })
    expect(await transport.closed).to.have.property('expected', false)
  })

  it('leaves no process and no file when it is closed, nor when the controller is killed', async () => {
    const transport = await login()
    const mark = `vf-leftover-${process.pid}`
    void (await transport.openChannel(`exec sleep 1000 # ${mark}`)).exit
    await transport.close()
    expect(await transport.closed).to.deep.equal({ expected: true, reason: 'closed' })
    await gone(`${sshd.port}`)
    const url = JSON.stringify(new URL('../../../core/connection/openssh/transport.ts', import.meta.url).href)
    const script = `
      import { openOpenssh } from ${url}
      const transport = await openOpenssh(${JSON.stringify(endpoint())})
      await transport.openChannel('exec sleep 1000')
      process.stdout.write('in')
      setInterval(() => {}, 1000)`
    const controller = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(controller.stdout, 'data')
    const folders = controlFolders(sshd.port)
    expect(folders).to.have.length(1)
    controller.kill('SIGKILL')
    await gone(`${sshd.port}`)
    for (const end = Date.now() + 60_000; existsSync(folders[0]!) && Date.now() < end; )
      await new Promise((resolve) => setTimeout(resolve, 50))
    expect(existsSync(folders[0]!)).to.equal(false)
  })
})

/** Control sockets of running masters to that port. */
function controlFolders(port: number): string[] {
  const processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
  return processes
    .split('\n')
    .filter((line) => line.startsWith('ssh -M') && line.includes(`-p ${port} `))
    .map((line) => /-S (\S+)\/c /.exec(line)![1]!)
}

async function gone(port: string): Promise<void> {
  for (let i = 0; i < 100; i++) {
    if (controlFolders(Number(port)).length === 0) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('ssh is still there after 5 s')
}

/** sshd's log comes a little later than what it tells. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 200))

async function bytes(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

async function text(stream: Readable): Promise<string> {
  return (await bytes(stream)).toString('utf8')
}
