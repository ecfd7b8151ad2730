import { expect } from 'chai'
import { isSnapshotName, vmSnapshot } from '../../../core/fleet/snapshots.ts'

describe('a snapshot', () => {
  it('is read from its XML', () => {
    const xml = `<domainsnapshot><name>two</name><description>a &lt;b&gt;</description><state>running</state>
<parent><name>one</name></parent><creationTime>1767225600</creationTime><memory snapshot='internal'/>
<disks><disk name='vda' snapshot='internal'/></disks></domainsnapshot>`
    expect(vmSnapshot(xml, 'two')).to.deep.equal({
      name: 'two',
      parent: 'one',
      current: true,
      created: new Date('2026-01-01T00:00:00Z'),
      state: 'running',
      kind: 'internal',
      description: 'a <b>',
    })
  })

  it('is external where a disk or its memory is', () => {
    const disk = "<disks><disk name='vda' snapshot='no'/><disk name='vdb' snapshot='external'/></disks>"
    for (const inner of [disk, "<memory snapshot='external' file='/m'/>"])
      expect(vmSnapshot(`<domainsnapshot><name>x</name>${inner}</domainsnapshot>`, undefined).kind).to.equal('external')
  })

  it('has no time where the host tells nonsense', () => {
    for (const time of ['', 'soon', '-1', '1e300'])
      expect(vmSnapshot(`<domainsnapshot><creationTime>${time}</creationTime></domainsnapshot>`, 'x').created).to.equal(
        undefined,
      )
  })

  const names: [string, boolean][] = [
    ['before-update', true],
    ['2026 01', true],
    ['', false],
    ['a/b', false],
    ['../a', false],
    ['--all', false],
    ['a\nb', false],
  ]
  for (const [name, fits] of names)
    it(`${fits ? 'may' : 'may not'} be named ${JSON.stringify(name)}`, () =>
      expect(isSnapshotName(name)).to.equal(fits))
})
