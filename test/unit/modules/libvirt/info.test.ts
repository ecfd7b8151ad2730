import { expect } from 'chai'
import { summaryInfo } from '../../../../modules/libvirt/info/domains.ts'
import libvirtInfo from '../../../../modules/libvirt/libvirt_info.ts'

const STATS = {
  'balloon.current': '65536',
  'balloon.maximum': '131072',
  'vcpu.current': '1',
  'vcpu.maximum': '2',
  'net.count': '1',
  'net.0.name': 'vnet0',
  'block.count': '2',
  'block.0.name': 'vda',
  'block.0.path': '/a=b.qcow2',
  'block.0.capacity': '1048576',
  'block.1.name': 'sda',
}

describe('libvirt_info', () => {
  const domain = {
    name: 'x',
    uuid: 'u',
    state: 'running',
    reason: 'booted',
    persistent: true,
    autostart: false,
    managedSave: false,
  } as const
  it('says null for what is not known, and not 0', () => {
    expect(summaryInfo(domain, {})).to.include({ memory_kib: null, vcpus: null })
    const full = summaryInfo(domain, STATS)
    expect(full).to.include({ memory_kib: 65536, max_memory_kib: 131072, vcpus: 1, max_vcpus: 2 })
    expect(full.net).to.deep.equal(['vnet0'])
    expect(full.block).to.deep.equal([
      { target: 'vda', path: '/a=b.qcow2', capacity: 1048576, allocation: null },
      { target: 'sda', path: null, capacity: null, allocation: null },
    ])
  })
  it('is not led astray by a count that a host makes up', () => {
    expect(summaryInfo(domain, { 'net.count': '4000000000' }).net).to.have.length(1000)
  })
  it('is never a change, and a host without libvirt is no failure', () => {
    const missing = { kind: 'missing', reason: 'not installed' } as const
    expect(libvirtInfo.diff(missing, {} as never)).to.deep.equal([])
    expect(libvirtInfo.result(missing, {} as never)).to.deep.equal({ available: false, reason: 'not installed' })
  })
})
