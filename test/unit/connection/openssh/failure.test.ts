import { expect } from 'chai'
import { clientArguments, connectArguments } from '../../../../core/connection/openssh/arguments.ts'
import { connectionFailure } from '../../../../core/connection/openssh/failure.ts'
import type { Endpoint } from '../../../../core/connection/types.ts'

const endpoint: Endpoint = { name: 'kvm1', transport: 'openssh', address: 'kvm1', hostKeys: { policy: 'strict' } }

describe('what ssh says when it fails', () => {
  const table: [said: string, failure: string][] = [
    ['ssh: Could not resolve hostname kvm1: Name or service not known', 'resolve'],
    ['ssh: connect to host kvm1 port 22: Connection refused', 'refused'],
    ['ssh: connect to host kvm1 port 22: Connection timed out', 'timeout'],
    ['ssh: connect to host kvm1 port 22: No route to host', 'unreachable'],
    ['Connection timed out during banner exchange', 'timeout'],
    ['root@kvm1: Permission denied (publickey).', 'auth'],
    ['Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures', 'auth'],
    [
      'No ED25519 host key is known for kvm1 and you have requested strict checking.\nHost key verification failed.',
      'host-key-unknown',
    ],
    ['@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nHost key verification failed.', 'host-key-changed'],
    ['@       WARNING: REVOKED HOST KEY DETECTED!               @\nHost key verification failed.', 'host-key-revoked'],
    ['/root/.ssh/config: line 3: Bad configuration option: nonsense', 'config'],
    ['Bad owner or permissions on /root/.ssh/config', 'config'],
    ['kex_exchange_identification: Connection closed by remote host', 'lost'],
    ['', 'lost'],
  ]
  for (const [said, failure] of table) {
    it(`${failure}: ${said.split('\n')[0]}`, () => {
      const error = connectionFailure(endpoint, `OpenSSH_9.2p1\ndebug1: Connection refused by nobody\n${said}\n`)
      expect(error.failure).to.equal(failure)
      expect(error.host).to.equal('kvm1')
      expect(error.message).not.to.contain('debug1').and.not.to.equal('')
    })
  }

  it('gives the fingerprint of an unknown key', () => {
    const log = 'debug1: Server host key: ssh-ed25519 SHA256:abc\nHost key verification failed.\n'
    expect(connectionFailure(endpoint, log).message).to.contain('ssh-ed25519 key SHA256:abc')
  })
})

describe('arguments for ssh', () => {
  const args = (more: Partial<Endpoint>) => connectArguments({ ...endpoint, ...more }, undefined)

  it('puts our own first, the inventory’s behind them, and the address where no option can be', () => {
    const list = args({ user: 'op', port: 2222, sshArgs: ['-o', 'BatchMode=no'] })
    expect(list.indexOf('BatchMode=yes')).to.be.lessThan(list.indexOf('BatchMode=no'))
    expect(list.slice(-2)).to.deep.equal(['--', 'kvm1'])
    expect(list.join(' ')).to.contain('-l op -p 2222').and.contain('StrictHostKeyChecking=yes')
  })

  it('asks for signs of life as the inventory says', () => {
    const list = args({ sshArgs: ['-o', 'ServerAliveInterval=5'] })
    const [theirs, ours] = ['ServerAliveInterval=5', 'ServerAliveInterval=15'].map((one) => list.indexOf(one))
    expect(theirs).to.be.greaterThan(0).and.lessThan(Number(ours))
  })

  it('maps the rules for host keys', () => {
    expect(args({ hostKeys: { policy: 'accept-new', files: ['/a b', '/50%'] } })).to.include.members([
      'StrictHostKeyChecking=accept-new',
      'UserKnownHostsFile="/a b" "/50%%"',
      'GlobalKnownHostsFile=/dev/null',
    ])
    expect(args({ hostKeys: { policy: 'off' } })).to.include.members([
      'StrictHostKeyChecking=no',
      'UserKnownHostsFile="/dev/null"',
    ])
    const asked = args({ sshArgs: ['-oStrictHostKeyChecking=no'] })
    expect(asked.filter((arg) => arg.includes('StrictHostKeyChecking'))).to.deep.equal(['-oStrictHostKeyChecking=no'])
    const pinned = connectArguments({ ...endpoint, hostKeys: { policy: 'off', pinned: ['x'] } }, '/private/known_hosts')
    expect(pinned).to.include.members(['StrictHostKeyChecking=yes', 'UserKnownHostsFile="/private/known_hosts"'])
    expect(() => args({ hostKeys: { policy: 'strict', files: ['a"b'] } })).to.throw(RangeError)
  })

  it('never holds a secret', () => {
    const list = args({ password: 'sesame', privateKeyPassphrase: 'phrase' })
    expect(list.join(' ')).not.to.match(/sesame|phrase/)
    expect(list).to.include('BatchMode=no').and.include('NumberOfPasswordPrompts=1')
  })

  it('quotes bastions, and gives a client of the socket no way of its own', () => {
    const command = args({ proxyJump: "a,op@b$(id)'" }).find((arg) => arg.startsWith('ProxyCommand='))
    expect(command).to.contain("-W '[%h]:%p' -- 'op@b$(id)'\\'''")
    // The bastion before has the same rules for its key, one level of quotes and of ssh's percent signs further in.
    expect(command?.split('StrictHostKeyChecking=yes')).to.have.length(3)
    expect(command).to.match(/'ProxyCommand=env -u SSH_ASKPASS [^%]*-W .*\[%%h\]:%%p.* -- a'/)
    expect(command).not.to.match(/ -J /)
    expect(clientArguments('/c')).to.include.members(['-F', 'none', 'ProxyCommand=false', 'ControlMaster=no'])
  })
})
