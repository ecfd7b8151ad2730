import { expect } from 'chai'
import { authHandler } from '../../../../core/connection/config/auth-handler.ts'
import type { Attempt } from '../../../../core/connection/config/credentials.ts'
import { parseProxyJump } from '../../../../core/connection/config/jump.ts'

const attempt = (kind: Attempt['kind'], label: string): Attempt => ({
  kind,
  label,
  method: () => ({ type: 'none', username: label }),
})
const attempts = [
  attempt('publickey', 'key1'),
  attempt('publickey', 'key2'),
  attempt('password', 'password'),
  attempt('keyboard-interactive', 'interactive'),
]

/** Plays a server: each entry is what it says before an attempt; returns the labels tried. */
function play(said: readonly (readonly [methods: string[] | null, partial?: boolean])[]): (string | false)[] {
  const handler = authHandler(attempts)
  return said.map(([methods, partial = false]) => {
    let tried: string | false = false
    handler(methods as never, partial, (method) => {
      if (typeof method === 'object') tried = method.username
    })
    return tried
  })
}

describe('the order of authentication', () => {
  const all = ['publickey', 'password', 'keyboard-interactive']

  it('tries keys first, and a refused password only once', () => {
    expect(play([[null], [all], [all], [all]])).to.deep.equal(['key1', 'key2', 'password', false])
  })

  it('leaves out what the server does not allow', () => {
    const only = ['keyboard-interactive']
    expect(play([[null], [only], [only]])).to.deep.equal(['key1', 'interactive', false])
  })

  it('goes on after a partial success, with what came too early too', () => {
    expect(play([[null], [['password']], [['publickey'], true], [['publickey']]])).to.deep.equal([
      'key1',
      'password',
      'key1',
      'key2',
    ])
    expect(play([[null], [['keyboard-interactive'], true]])).to.deep.equal(['key1', 'interactive'])
  })
})

describe('ProxyJump', () => {
  it('reads every form', () => {
    expect(parseProxyJump('a,op@b:2222,[::1]:23,ssh://u@c:24')).to.deep.equal([
      { address: 'a' },
      { address: 'b', user: 'op', port: 2222 },
      { address: '::1', port: 23 },
      { address: 'c', user: 'u', port: 24 },
    ])
    expect(parseProxyJump('none')).to.deep.equal([])
  })

  it('refuses what is none', () => {
    for (const text of ['', 'a,', '-oProxyCommand=id', 'a:b', 'a:99999', 'a b', 'u@-x'])
      expect(parseProxyJump(text), text).to.equal(undefined)
  })
})
