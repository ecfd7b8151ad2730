import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Credentials, credentials } from '../../../core/connection/config/credentials.ts'
import { proxyCommandStream } from '../../../core/connection/config/proxy-command.ts'
import { resolveEndpoint } from '../../../core/connection/config/resolve.ts'
import type { ResolvedEndpoint } from '../../../core/connection/config/resolved.ts'
import { openSsh } from '../../../core/connection/ssh/transport.ts'
import type { Endpoint } from '../../../core/connection/types.ts'
import { type Sshd, startSshd } from '../sshd.ts'
import { eventually, processes, uniqueSeconds } from './setup.ts'

describe('credentials for the transport ssh', function () {
  this.timeout(300_000)
  let sshd: Sshd
  let agent: ChildProcess
  let socket: string
  let encrypted: string
  let foreign: string
  const keygen = (...args: string[]) => execFileSync('ssh-keygen', ['-q', ...args], { stdio: 'ignore' })

  before(async () => {
    sshd = await startSshd({ users: { sesame: { shell: '/bin/sh', password: 'open sesame' } } })
    socket = join(sshd.dir, 'agent')
    agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] })
    await once(agent.stdout!, 'data')
    encrypted = join(sshd.dir, 'encrypted')
    foreign = join(sshd.dir, 'foreign')
    copyFileSync(sshd.keyFile, encrypted)
    chmodSync(encrypted, 0o600)
    keygen('-p', '-P', '', '-N', 'phrase', '-f', encrypted)
    keygen('-t', 'ed25519', '-N', '', '-f', foreign)
    keygen('-s', foreign, '-I', 'x', '-n', 'root', `${foreign}.pub`)
    // With a certificate beside it, ssh-add adds both.
    execFileSync('ssh-add', ['-q', foreign], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' })
  })
  after(async () => {
    agent?.kill()
    await sshd?.stop()
  })

  async function find(more: Partial<Endpoint>, changes: Partial<ResolvedEndpoint> = {}): Promise<Credentials> {
    const { privateKeyFile: _key, ...endpoint } = sshd.endpoint({ name: 'kvm1' })
    const { identityAgent: _agent, ...resolved } = await resolveEndpoint({ ...endpoint, ...more })
    return credentials({ name: 'kvm1' }, { ...resolved, defaultIdentityFiles: [], ...changes })
  }
  const refused = (attempt: Promise<unknown>) =>
    attempt.then(
      () => undefined,
      (e: unknown) => e,
    )

  it('offers the inventory’s key, the agent’s, the default files, and then the password', async () => {
    const found = await find(
      { privateKeyFile: sshd.keyFile, password: 'x' },
      { identityAgent: socket, defaultIdentityFiles: [sshd.hostKeyFile, '/missing'], identityFiles: [sshd.keyFile] },
    )
    expect(found.offered.map((label) => label.replace(/agent's key .*/, 'agent'))).to.deep.equal([
      `key ${sshd.keyFile}`,
      'agent',
      `key ${sshd.hostKeyFile}`,
      'password',
      'password (keyboard-interactive)',
    ])
    expect(found.notes.join('\n')).to.contain('ssh-ed25519-cert-v01@openssh.com')
  })

  it('offers of the agent only what IdentitiesOnly allows', async () => {
    const only = { identityAgent: socket, identitiesOnly: true }
    expect(await refused(find({}, only))).to.have.property('failure', 'unsupported')
    expect((await find({}, { ...only, identityFiles: [`${foreign}.pub`] })).offered).to.deep.equal([
      `agent's key ${foreign}.pub`,
    ])
  })

  it('opens encrypted keys with a passphrase, or through the agent that holds them', async () => {
    expect((await find({ privateKeyFile: encrypted, privateKeyPassphrase: 'phrase' })).offered).to.deep.equal([
      `key ${encrypted}`,
    ])
    const error = await refused(find({ privateKeyFile: encrypted }))
    expect(error).to.have.property('failure', 'config')
    expect(error).to.have.property('message').that.contains('encrypted')
    expect(await refused(find({ privateKeyFile: encrypted, privateKeyPassphrase: 'wrong' })))
      .to.have.property('message')
      .that.contains('passphrase')
    execFileSync('ssh-add', ['-q', sshd.keyFile], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' })
    const found = await find({ privateKeyFile: encrypted }, { identityAgent: socket })
    expect(found.offered[0]).to.equal(`agent's key ${encrypted}`)
  })

  it('refuses keys that others can read, that are missing, or that are none', async () => {
    const open = join(sshd.dir, 'open')
    copyFileSync(sshd.keyFile, open)
    chmodSync(open, 0o644)
    expect(await refused(find({ privateKeyFile: open })))
      .to.have.property('message')
      .that.contains('too open')
    expect(await refused(find({ privateKeyFile: '/missing' })))
      .to.have.property('message')
      .that.contains('does not exist')
    expect(await refused(find({ privateKeyFile: '/etc/passwd' }))).to.have.property('failure', 'config')
    expect((await find({ privateKeyFile: open, password: 'x' })).notes.join()).to.contain('too open')
    expect(await refused(find({}))).to.have.property('failure', 'config')
  })

  it('logs in with each of them', async () => {
    const known = [
      { privateKeyFile: sshd.keyFile },
      { privateKeyFile: encrypted, privateKeyPassphrase: 'phrase' },
      { user: sshd.user('sesame'), password: 'open sesame', sshArgs: ['-o', 'PubkeyAuthentication=no'] },
    ]
    for (const more of known) {
      const { privateKeyFile: _key, ...endpoint } = sshd.endpoint()
      const transport = await openSsh({ ...endpoint, ...more })
      await transport.close()
    }
  })

  it('gives a ProxyCommand as a stream, and ends it', async () => {
    const notes: string[] = []
    const stream = proxyCommandStream("sh -c 'echo said >&2; cat'", (line) => notes.push(line))
    stream.write('hello')
    expect(String(await once(stream, 'data'))).to.equal('hello')
    stream.end()
    await once(stream.resume(), 'end')
    const failing = proxyCommandStream("sh -c 'exit 3'", (line) => notes.push(line))
    for (const end = Date.now() + 60_000; notes.length < 2 && Date.now() < end; )
      await new Promise((resolve) => setTimeout(resolve, 10))
    failing.destroy()
    expect(notes).to.deep.equal(['said', 'ProxyCommand ended with status 3'])
    const seconds = uniqueSeconds()
    const endless = proxyCommandStream(`sleep ${seconds}`, () => undefined)
    expect(await eventually(() => processes(`sleep ${seconds}`).length > 0)).to.equal(true)
    endless.destroy()
    expect(await eventually(() => processes(`sleep ${seconds}`).length === 0)).to.equal(true)
  })
})
