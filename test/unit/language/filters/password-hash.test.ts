import { spawnSync } from 'node:child_process'
import { expect } from 'chai'
import { cryptPassword } from '../../../../core/language/filters/sha-crypt.ts'

const oracle = `
import crypt, json, sys, warnings
json.dump([crypt.crypt(p, s) for p, s in json.load(sys.stdin)], sys.stdout)
`

describe('password_hash', () => {
  it('is crypt(3)', () => {
    const passwords = [
      '',
      'a',
      'secret',
      'pä$$wörd',
      'x'.repeat(63),
      'y'.repeat(64),
      'z'.repeat(65),
      'long '.repeat(40),
    ]
    const cases = passwords.flatMap((password) =>
      ['s', 'abcdefgh', '0123456789ABCDEF'].flatMap((salt) => [
        { password, salt, type: 'sha512', rounds: undefined, setting: `$6$${salt}$` },
        { password, salt, type: 'sha256', rounds: undefined, setting: `$5$${salt}$` },
        { password, salt, type: 'sha512', rounds: 1234, setting: `$6$rounds=1234$${salt}$` },
      ]),
    )
    const { stdout, stderr } = spawnSync('/usr/bin/python3', ['-W', 'ignore', '-c', oracle], {
      input: JSON.stringify(cases.map((c) => [c.password, c.setting])),
      encoding: 'utf8',
    })
    expect(stderr).to.equal('')
    const ours = cases.map((c) =>
      cryptPassword(c.password, c.type, { salt: c.salt, size: undefined, rounds: c.rounds }),
    )
    expect(ours).to.deep.equal(JSON.parse(stdout))
  })

  it('makes a new salt each time', () => {
    const make = () => cryptPassword('p', 'sha512', { salt: undefined, size: undefined, rounds: 1000 })
    expect(make()).to.match(/^\$6\$rounds=1000\$[./0-9A-Za-z]{16}\$[./0-9A-Za-z]{86}$/)
    expect(make()).not.to.equal(make())
  })

  it('refuses what crypt would read otherwise', () => {
    const make = (salt: string, rounds?: number) => () =>
      cryptPassword('p', 'sha512', { salt, size: undefined, rounds })
    expect(make('a$b')).to.throw(/salt/)
    expect(make('x'.repeat(17))).to.throw(/salt/)
    expect(make('a', 10)).to.throw(/rounds/)
    expect(() => cryptPassword('p', 'md5', { salt: 'a', size: undefined, rounds: undefined })).to.throw(
      /unsupported hash/,
    )
  })
})
