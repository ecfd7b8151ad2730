import { expect } from 'chai'
import { readSnapshot } from '../../../../core/libvirt/snapshot/read.ts'
import { EXTERNAL, INTERNAL } from './texts.ts'

describe("a snapshot's XML", () => {
  it('is read as libvirt has written it down', () => {
    expect(readSnapshot(INTERNAL)).to.deep.include({
      name: 's',
      type: 'internal',
      state: 'running',
      created: 7,
      memoryFile: undefined,
    })
    const { type, parent, disks } = readSnapshot(EXTERNAL)
    expect([type, parent]).to.deep.equal(['external', 'p'])
    expect(disks.map((d) => [d.target, d.overlay, d.base?.source])).to.deep.equal([
      ['vda', '/i/web1.s', '/i/web1.qcow2'],
    ])
    expect(
      readSnapshot("<domainsnapshot><memory snapshot='external' file='/m'/></domainsnapshot>").memoryFile,
    ).to.equal('/m')
  })
})
