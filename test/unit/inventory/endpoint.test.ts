import { expect } from 'chai'
import type { JsonObject } from '../../../core/events/json.ts'
import { becomeOf, endpointOf } from '../../../core/inventory/index.ts'

const strict = { policy: 'strict' }
const base = { name: 'kvm1', transport: 'ssh', address: 'kvm1', hostKeys: strict }

describe('endpoint of a host', () => {
  const table: [what: string, variables: JsonObject, expected: object][] = [
    ['nothing', {}, base],
    [
      'address, port, user',
      { ansible_host: '10.0.0.1', ansible_port: '2222', ansible_user: 'root' },
      { ...base, address: '10.0.0.1', port: 2222, user: 'root' },
    ],
    [
      'old names',
      { ansible_ssh_host: 'a', ansible_ssh_port: 22, ansible_ssh_user: 'u', ansible_ssh_pass: 'p' },
      { ...base, address: 'a', port: 22, user: 'u', password: 'p' },
    ],
    ['local', { ansible_connection: 'local' }, { ...base, transport: 'local' }],
    ['paramiko', { ansible_connection: 'paramiko' }, base],
    ['a jump', { ansible_ssh_common_args: '-J root@bastion:22 -C' }, { ...base, proxyJump: 'root@bastion:22' }],
    [
      'a jump by ProxyCommand',
      { ansible_ssh_common_args: '-o ProxyCommand="ssh -W %h:%p -q bastion"' },
      { ...base, proxyJump: 'bastion' },
    ],
    [
      'another ProxyCommand',
      { ansible_ssh_common_args: "-o 'ProxyCommand=nc %h %p'" },
      { ...base, transport: 'openssh', proxyCommand: 'nc %h %p' },
    ],
    ['no proxy', { ansible_ssh_common_args: '-o ProxyCommand=none' }, { ...base, proxyJump: 'none' }],
    ['no proxy first', { ansible_ssh_common_args: '-o ProxyCommand=none -J a' }, { ...base, proxyJump: 'none' }],
    [
      'the way of the first variable',
      { ansible_ssh_common_args: '-J a', ansible_ssh_extra_args: '-o ProxyCommand=none -o "ProxyCommand=nc %h %p"' },
      { ...base, proxyJump: 'a' },
    ],
    ['the first way', { ansible_ssh_common_args: '-J a -o ProxyCommand=none' }, { ...base, proxyJump: 'a' }],
    [
      'signs of life',
      {
        ansible_ssh_args: '-o ControlPersist=60s -o ServerAliveInterval=5',
        ansible_ssh_extra_args: '-oServerAliveCountMax=9',
      },
      { ...base, sshArgs: ['-o', 'ServerAliveInterval=5', '-o', 'ServerAliveCountMax=9'] },
    ],
    [
      'arguments that only ssh knows',
      { ansible_ssh_extra_args: '-o CertificateFile=/k -o ControlMaster=auto' },
      { ...base, transport: 'openssh', sshArgs: ['-o', 'CertificateFile=/k'] },
    ],
    ['no host key checking', { ansible_host_key_checking: 'false' }, { ...base, hostKeys: { policy: 'off' } }],
    [
      'accept-new',
      { ansible_ssh_common_args: '-oStrictHostKeyChecking=accept-new -o UserKnownHostsFile=/k' },
      { ...base, hostKeys: { policy: 'accept-new', files: ['/k'] } },
    ],
    [
      'a pinned key',
      { virtfleet_host_key: 'ssh-ed25519 AAAAC3Nz' },
      { ...base, hostKeys: { policy: 'strict', pinned: ['ssh-ed25519 AAAAC3Nz'] } },
    ],
    ['a time limit', { ansible_timeout: 5 }, { ...base, connectTimeoutMs: 5000 }],
  ]
  for (const [what, variables, expected] of table) {
    it(what, () => expect(endpointOf('kvm1', variables)).to.deep.equal(expected))
  }

  const wrong: [JsonObject, RegExp][] = [
    [{ ansible_connection: 'winrm' }, /names no connection: 'winrm'/],
    [{ ansible_port: 'ssh' }, /ansible_port must be a number/],
    [{ virtfleet_host_key: 'nonsense' }, /is not a public key/],
    [{ ansible_ssh_common_args: '-o "x' }, /quote that is not closed/],
    [{ ansible_user: ['a'] }, /ansible_user must be text/],
  ]
  for (const [variables, message] of wrong) {
    it(`refuses ${JSON.stringify(variables)}`, () => expect(() => endpointOf('kvm1', variables)).to.throw(message))
  }
})

describe('become', () => {
  it('is off by default, and variables are stronger than keywords', () => {
    expect(becomeOf('h', {}, {})).to.equal(undefined)
    expect(becomeOf('h', { ansible_become: false }, { become: true })).to.equal(undefined)
    expect(becomeOf('h', {}, { become: true, password: 'p' })).to.deep.equal({
      method: 'sudo',
      user: 'root',
      password: 'p',
    })
    const variables = {
      ansible_become_method: 'su',
      ansible_become_user: 'qemu',
      ansible_su_pass: 'x',
      ansible_become_flags: "-l '-s x'",
    }
    expect(becomeOf('h', variables, { become: 'yes', method: 'sudo', password: 'p' })).to.deep.equal({
      method: 'su',
      user: 'qemu',
      password: 'x',
      flags: ['-l', '-s x'],
    })
    expect(() => becomeOf('h', {}, { become: true, method: 'pbrun' })).to.throw(/'pbrun'/)
  })
})
