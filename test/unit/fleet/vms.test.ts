import { expect } from 'chai'
import { ConnectionError } from '../../../core/connection/index.ts'
import { askHost, duplicates, vmsOf } from '../../../core/fleet/vms.ts'
import { LibvirtError, LibvirtUnavailable } from '../../../core/libvirt/types.ts'
import { vmOf } from './vm-of.ts'

const summary = (name: string) => {
  const { host: _host, vcpus: _vcpus, memoryKiB: _memory, ...rest } = vmOf('kvm1', name)
  return rest
}

describe('the VMs of a host', () => {
  it('have their numbers from the statistics of the same name, by name', () => {
    const stats = [{ name: 'b', values: { 'vcpu.current': '3', 'vcpu.maximum': '8', 'balloon.maximum': '2097152' } }]
    const [a, b] = vmsOf('kvm1', [summary('b'), summary('a')], stats)
    expect(a).to.include({ name: 'a', host: 'kvm1', vcpus: undefined, memoryKiB: undefined })
    expect(b).to.include({ name: 'b', vcpus: 3, memoryKiB: 2097152 })
  })

  it('have no number where the host tells nonsense', () => {
    const stats = [{ name: 'a', values: { 'vcpu.current': '\u001b[2J', 'balloon.current': '-1' } }]
    expect(vmsOf('kvm1', [summary('a')], stats)[0]).to.include({ vcpus: undefined, memoryKiB: undefined })
  })

  it('are duplicates where two hosts have the name', () => {
    const all = [vmOf('kvm1', 'a'), vmOf('kvm2', 'a'), vmOf('kvm1', 'b')]
    expect([...duplicates(all)]).to.deep.equal(['a'])
  })
})

describe('a host that is asked', () => {
  const failing = (error: Error) => askHost('kvm1', () => Promise.reject(error))

  const table: [string, Error, object][] = [
    [
      'cannot be reached',
      new ConnectionError('refused', 'kvm1', 'port 22 refused', 'start sshd'),
      { host: 'kvm1', silent: 'port 22 refused', hint: 'start sshd' },
    ],
    ['has no libvirt', new LibvirtUnavailable('not installed', 'no'), { host: 'kvm1', vms: [], libvirt: false }],
    ['has a daemon that is down', new LibvirtUnavailable('not running', 'down'), { host: 'kvm1', silent: 'down' }],
    ['says no', new LibvirtError('internal error'), { host: 'kvm1', silent: 'internal error' }],
  ]
  for (const [what, error, answer] of table) {
    it(what, async () => expect(await failing(error)).to.deep.equal(answer))
  }

  it('hides no bug', async () => {
    const bug = new TypeError('x is not a function')
    expect(await failing(bug).catch((error: unknown) => error)).to.equal(bug)
  })
})
