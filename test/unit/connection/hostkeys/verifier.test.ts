import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect } from 'chai'
import type { ResolvedEndpoint } from '../../../../core/connection/config/resolved.ts'
import { ConnectionError } from '../../../../core/connection/errors.ts'
import { fingerprint } from '../../../../core/connection/hostkeys/key.ts'
import { hostVerifier } from '../../../../core/connection/hostkeys/verifier.ts'
import { makeKey, resolved, temporaryFolder } from './keys.ts'

describe('host key verifier', () => {
  const folder = temporaryFolder()
  let ed: { text: string; blob: Buffer }
  let other: { text: string; blob: Buffer }
  let rsa: { text: string; blob: Buffer }
  let counter = 0
  before(() => {
    ed = makeKey(folder.file('ed'), 'ed25519')
    other = makeKey(folder.file('other'), 'ed25519')
    rsa = makeKey(folder.file('rsa'), 'rsa', '-b', '2048')
  })

  function known(text: string): string {
    const file = folder.file(`known_hosts${counter++}`)
    writeFileSync(file, text)
    return file
  }
  const strict = (file: string, changes: Partial<ResolvedEndpoint> = {}) =>
    hostVerifier({ name: 'kvm1' }, resolved({ hostKeys: { policy: 'strict', files: [file] }, ...changes }))
  const failure = (verdict: ReturnType<ReturnType<typeof hostVerifier>['verify']>): ConnectionError => {
    if (verdict.ok) throw new Error('was accepted')
    return verdict.error
  }

  it('accepts a known key and asks for its type first', () => {
    const verifier = strict(known(`kvm1 ${rsa.text}\n`))
    expect(verifier.verify(rsa.blob)).to.deep.equal({ ok: true })
    expect(verifier.algorithms.slice(0, 3)).to.deep.equal(['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519'])
    expect(verifier.algorithms).not.to.include('ssh-rsa')
  })

  it('refuses an unknown key with its fingerprint and a line that makes it known', () => {
    const file = known('')
    const error = failure(strict(file, { port: 2222 }).verify(ed.blob))
    expect(error.failure).to.equal('host-key-unknown')
    expect(error.message).to.contain(
      execFileSync('ssh-keygen', ['-lf', folder.file('ed.pub')], { encoding: 'utf8' }).split(' ')[1],
    )
    expect(error.hint).to.contain(file)
    writeFileSync(file, `${error.hint!.split('\n')[1]}\n`)
    expect(strict(file, { port: 2222 }).verify(ed.blob)).to.deep.equal({ ok: true })
    expect(strict(file, { port: 2223 }).verify(ed.blob).ok).to.equal(false)
  })

  it('names lines it could not read when the key is not known', () => {
    const file = known(`kvm1 ssh-ed25519 oops!\n`)
    expect(failure(strict(file).verify(ed.blob)).hint).to.contain(`${file}:1: malformed key`)
  })

  it('sees a line that was added while the host was connected to', () => {
    const file = known('')
    const verifier = strict(file)
    expect(verifier.verify(ed.blob).ok).to.equal(false)
    writeFileSync(file, `kvm1 ${ed.text}\n`)
    expect(verifier.verify(ed.blob).ok).to.equal(true)
  })

  it('names the old line of a changed key and both fingerprints', () => {
    const file = known(`# first\nkvm1 ${ed.text}\n`)
    for (const policy of ['strict', 'accept-new'] as const) {
      const error = failure(strict(file, { hostKeys: { policy, files: [file] } }).verify(other.blob))
      expect(error.failure).to.equal('host-key-changed')
      expect(error.message)
        .to.contain(`${file}:2`)
        .and.contain(fingerprint(ed.blob))
        .and.contain(fingerprint(other.blob))
    }
    expect(failure(strict(file).verify(rsa.blob)).failure).to.equal('host-key-changed')
    expect(readFileSync(file, 'utf8')).to.equal(`# first\nkvm1 ${ed.text}\n`)
  })

  it('refuses a revoked key whatever the policy, also when the host is known with it', () => {
    const file = known(`@revoked * ${ed.text}\nkvm1 ${ed.text}\nkvm1 ${other.text}\n`)
    for (const policy of ['strict', 'accept-new', 'off'] as const) {
      const verifier = strict(file, { hostKeys: { policy, files: [file] } })
      expect(failure(verifier.verify(ed.blob)).failure).to.equal('host-key-revoked')
      expect(verifier.verify(other.blob).ok).to.equal(true)
    }
  })

  it('says by name that certificate authorities need the other transport', () => {
    const file = known(`@cert-authority * ${ed.text}\n`)
    expect(() => strict(file))
      .to.throw(ConnectionError, 'certificate authority')
      .with.property('failure', 'unsupported')
    writeFileSync(file, `@cert-authority * ${ed.text}\nkvm1 ${rsa.text}\n`)
    expect(strict(file).verify(rsa.blob).ok).to.equal(true)
  })

  it('reads several files, and looks a host on another port up by its name too', () => {
    const first = known('')
    const second = known(`kvm1 ${ed.text}\n`)
    const verifier = strict(first, { globalKnownHostsFiles: [second], port: 2222 })
    expect(verifier.verify(ed.blob).ok).to.equal(true)
    expect(failure(verifier.verify(other.blob)).failure).to.equal('host-key-changed')
  })

  it('looks up HostKeyAlias instead of the address', () => {
    const verifier = strict(known(`cluster ${ed.text}\n`), { hostKeyAlias: 'Cluster', port: 2222 })
    expect(verifier.verify(ed.blob).ok).to.equal(true)
  })

  it('accepts nothing but pinned keys', () => {
    const file = known(`kvm1 ${other.text}\n`)
    const verifier = strict(file, { hostKeys: { policy: 'off', files: [file], pinned: [`${ed.text} comment`] } })
    expect(verifier.verify(ed.blob)).to.deep.equal({ ok: true })
    expect(failure(verifier.verify(other.blob)).message).to.contain(fingerprint(ed.blob))
    const broken = { policy: 'strict', files: [file], pinned: ['ssh-ed25519 oops'] } as const
    expect(() => strict(file, { hostKeys: broken })).to.throw(ConnectionError, 'pinned')
  })

  it('fails closed on a file that cannot be read', () => {
    const file = folder.file('a-folder')
    mkdirSync(file, { recursive: true })
    expect(() => strict(file))
      .to.throw(ConnectionError, 'cannot be read')
      .with.property('failure', 'config')
    expect(strict(folder.file('missing')).verify(ed.blob).ok).to.equal(false)
  })

  it('fails closed on a file that becomes unreadable before the key is shown', () => {
    const file = folder.file('late')
    const verifier = strict(file)
    mkdirSync(file)
    expect(failure(verifier.verify(ed.blob)).failure).to.equal('config')
  })

  describe('accept-new', () => {
    const accepting = (file: string, host: string, hashKnownHosts = false) =>
      hostVerifier(
        { name: host },
        resolved({ host, hashKnownHosts, hostKeys: { policy: 'accept-new', files: [file] } }),
      )

    it('makes the folder and the file, private', () => {
      const file = folder.file('home/.ssh/known_hosts')
      expect(accepting(file, 'kvm1').verify(ed.blob)).to.have.property('warning').that.contains('added')
      expect(statSync(file).mode & 0o777).to.equal(0o600)
      expect(statSync(folder.file('home/.ssh')).mode & 0o777).to.equal(0o700)
      expect(readFileSync(file, 'utf8')).to.equal(`kvm1 ${ed.text}\n`)
      expect(accepting(file, 'kvm1').verify(ed.blob)).to.deep.equal({ ok: true })
    })

    it('does not join its line to an unfinished one', () => {
      const file = known(`kvm0 ${ed.text}`)
      accepting(file, 'kvm1').verify(ed.blob)
      expect(readFileSync(file, 'utf8')).to.equal(`kvm0 ${ed.text}\nkvm1 ${ed.text}\n`)
    })

    it('hashes names where the configuration says so', () => {
      const file = known('')
      accepting(file, 'kvm1', true).verify(ed.blob)
      expect(readFileSync(file, 'utf8')).to.match(/^\|1\|/)
      expect(spawnSync('ssh-keygen', ['-F', 'kvm1', '-f', file]).status).to.equal(0)
    })

    it('says when the file cannot be written', () => {
      const file = folder.file('a-file/known_hosts')
      writeFileSync(folder.file('a-file'), '')
      let error: unknown
      try {
        error = failure(accepting(file, 'kvm1').verify(ed.blob))
      } catch (caught) {
        error = caught
      }
      expect(error).to.be.instanceOf(ConnectionError).with.property('failure', 'config')
    })

    it('keeps every line when processes write at once', async () => {
      const file = known('')
      chmodSync(file, 0o600)
      const script = `
        import { appendKnownHost } from ${JSON.stringify(new URL('../../../../core/connection/hostkeys/store.ts', import.meta.url).href)}
        for (let i = 0; i < 50; i++) appendKnownHost(${JSON.stringify(file)}, 'h' + process.pid + '-' + i + ' ${ed.text}')`
      const run = promisify(execFile)
      await Promise.all(
        [1, 2].map(() => run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script])),
      )
      const lines = readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
      expect(new Set(lines).size).to.equal(100)
      for (const line of lines) expect(line).to.match(/^h\d+-\d+ ssh-ed25519 \S+$/)
    })
  })
})
