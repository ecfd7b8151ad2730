import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { expect } from 'chai'
import fc from 'fast-check'
import { lookUp, parseKnownHosts } from '../../../../core/connection/hostkeys/known-hosts.ts'
import { hashHostName, knownHostName } from '../../../../core/connection/hostkeys/names.ts'
import { makeKey, temporaryFolder } from './keys.ts'

describe('known_hosts', () => {
  const folder = temporaryFolder()
  let ed: { text: string; blob: Buffer }
  let rsa: { text: string; blob: Buffer }
  before(() => {
    ed = makeKey(folder.file('ed'), 'ed25519')
    rsa = makeKey(folder.file('rsa'), 'rsa', '-b', '2048')
  })

  const lines = (text: string, name: string, kind: 'plain' | 'revoked' | 'authorities' = 'plain') =>
    lookUp([parseKnownHosts(text, 'f')], name)[kind].map((entry) => entry.line)

  it('matches names, lists, ports, wildcards and negation', () => {
    const text = [
      `kvm1 ${ed.text}`,
      `kvm2,10.0.0.2 ${ed.text} a comment`,
      `[kvm1]:2222 ${ed.text}`,
      `*.example.org,!bad.example.org ${ed.text}`,
      `kvm? ${rsa.text}`,
      `KVM1 ${rsa.text}`,
    ].join('\n')
    expect(lines(text, 'kvm1')).to.deep.equal([1, 5, 6])
    expect(lines(text, '10.0.0.2')).to.deep.equal([2])
    expect(lines(text, '[kvm1]:2222')).to.deep.equal([3])
    expect(lines(text, 'a.example.org')).to.deep.equal([4])
    expect(lines(text, 'bad.example.org')).to.deep.equal([])
    expect(lines(text, 'kvm12')).to.deep.equal([])
    expect(lines(text, 'xexample.org')).to.deep.equal([])
  })

  it('tells marked lines from plain ones', () => {
    const text = `@revoked * ${ed.text}\n@cert-authority *.org ${rsa.text}\na.org ${ed.text}\n`
    expect(lines(text, 'a.org')).to.deep.equal([3])
    expect(lines(text, 'a.org', 'revoked')).to.deep.equal([1])
    expect(lines(text, 'a.org', 'authorities')).to.deep.equal([2])
  })

  it('takes CRLF, tabs, indentation and comments', () => {
    const text = `# a comment\r\n\r\n  kvm1\t${ed.text.replace(' ', '\t')}\r\n`
    expect(lines(text, 'kvm1')).to.deep.equal([3])
    expect(parseKnownHosts(text, 'f').notes).to.deep.equal([])
  })

  it('ignores malformed lines and says which', () => {
    const text = [
      'kvm1',
      'kvm1 ssh-ed25519',
      'kvm1 ssh-ed25519 !!!!',
      `kvm1 ssh-rsa ${ed.text.split(' ')[1]}`,
      `@what kvm1 ${ed.text}`,
      `|1|AAAA|BBBB ${ed.text}`,
      `|2|x ${ed.text}`,
      'kvm1 1024 35 1234567890',
      `kvm1 ${ed.text}`,
    ].join('\n')
    const parsed = parseKnownHosts(text, 'known_hosts')
    expect(parsed.entries.map((entry) => entry.line)).to.deep.equal([9])
    expect(parsed.notes).to.have.length(8)
    expect(parsed.notes[3]).to.equal('known_hosts:4: the key is not of the type ssh-rsa')
  })

  it('reads what ssh-keygen -H has hashed', () => {
    const file = folder.file('hashed')
    writeFileSync(file, `kvm1 ${ed.text}\n[kvm2]:2222 ${ed.text}\n10.0.0.1 ${rsa.text}\n`)
    execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' })
    const text = execFileSync('cat', [file], { encoding: 'utf8' })
    expect(text).not.to.contain('kvm')
    expect(lines(text, 'kvm1')).to.deep.equal([1])
    expect(lines(text, '[kvm2]:2222')).to.deep.equal([2])
    expect(lines(text, '10.0.0.1')).to.deep.equal([3])
    expect(lines(text, 'kvm3')).to.deep.equal([])
  })

  it('hashes so that ssh-keygen finds it', () => {
    const file = folder.file('ours')
    writeFileSync(file, `${hashHostName(knownHostName('KVM9', 2200))} ${ed.text}\n`)
    expect(keygenFinds(file, '[kvm9]:2200')).to.deep.equal([1])
  })

  it('finds the lines ssh-keygen -F finds', () => {
    const file = folder.file('property')
    const name = fc.constantFrom('kvm1', 'kvm2', 'kvm10', 'a.b', '10.0.0.1', '[kvm1]:2222')
    const pattern = fc.oneof(
      name,
      fc.constantFrom('kvm*', '*', 'kvm?', '!kvm1', '!kvm*', '[kvm*]:2222', '?.b', 'KVM1', '**1', '10.0.0.*'),
    )
    const hosts = fc.oneof(
      { weight: 3, arbitrary: fc.array(pattern, { minLength: 1, maxLength: 3 }).map((list) => list.join(',')) },
      { weight: 1, arbitrary: name.map((n) => hashHostName(n)) },
    )
    const content = fc.oneof(
      { weight: 5, arbitrary: hosts.map((host) => `${host} ${ed.text}`) },
      { weight: 1, arbitrary: fc.constantFrom('', '# kvm1', 'kvm1') },
    )
    fc.assert(
      fc.property(fc.array(content, { maxLength: 6 }), name, (contents, wanted) => {
        const text = `${contents.join('\n')}\n`
        writeFileSync(file, text)
        expect(lines(text, wanted)).to.deep.equal(keygenFinds(file, wanted))
      }),
      { numRuns: 100 },
    )
  })
})

function keygenFinds(file: string, name: string): number[] {
  const { stdout } = spawnSync('ssh-keygen', ['-F', name, '-f', file], { encoding: 'utf8' })
  return [...stdout.matchAll(/^# Host .* found: line (\d+)/gm)].map((match) => Number(match[1]))
}
