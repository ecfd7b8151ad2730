import { expect } from 'chai'
import fc from 'fast-check'
import { liveExports, optionsDiffer, sameClient, setExport } from '../../../../modules/storage/exports.ts'
import { findEntry, setEntry } from '../../../../modules/storage/fstab.ts'
import { findMount, optionsNotInForce } from '../../../../modules/storage/mounts.ts'

const word = fc.stringMatching(/^[a-z \\]{1,6}$/).map((text) => `/x${text}x`)
const entry = fc.record({
  source: word,
  path: word,
  type: fc.constantFrom('nfs', 'ext4'),
  options: fc.constantFrom('defaults', 'ro,x=1'),
  dump: fc.nat(1),
  pass: fc.nat(2),
})
const lines = fc.array(
  fc.oneof(
    fc.constantFrom('# note', '', 'UUID=1 /boot\text4 defaults  0 2', 'bad'),
    entry.map((one) => setEntry('', one.path, one).trimEnd()),
  ),
)
const table = lines.map((all) => all.map((one) => `${one}\n`).join(''))

describe('fstab', () => {
  it('what was set is read back, and setting it again changes nothing', () => {
    fc.assert(
      fc.property(table, entry, (text, one) => {
        const once = setEntry(text, one.path, one)
        expect(findEntry(once, one.path)).to.deep.equal(one)
        expect(setEntry(once, one.path, one)).to.equal(once)
        expect(findEntry(setEntry(text, one.path, undefined), one.path)).to.equal(undefined)
      }),
    )
  })
  it('leaves every other line as it is, in its order', () => {
    fc.assert(
      fc.property(table, entry, (text, one) => {
        const others = (of: string) =>
          of.split('\n').filter((line) => findEntry(line, one.path) === undefined && line !== '')
        expect(others(setEntry(text, one.path, one))).to.deep.equal(others(text))
      }),
    )
  })
})

describe('mountinfo', () => {
  const MOUNTINFO = `22 1 0:20 / / rw,relatime shared:1 - overlay overlay rw,lowerdir=/l
40 22 0:35 / /mnt/a\\040b rw,nosuid,noexec - tmpfs tmpfs rw,size=16384k,mode=750,inode64
41 22 0:36 / /srv/nfs rw,relatime shared:9 - autofs systemd-1 rw,fd=5
42 41 0:37 / /srv/nfs rw,relatime shared:10 - nfs4 nfs1:/srv/images rw,vers=4.2,rsize=1048576,hard,proto=tcp,addr=192.0.2.5
43 22 8:1 / /mnt/ro ro,relatime - ext4 /dev/sda1 rw,errors=remount-ro
`
  it('finds the topmost mount, and no trigger', () => {
    expect(findMount(MOUNTINFO, '/mnt/a b')).to.include({ source: 'tmpfs', type: 'tmpfs' })
    expect(findMount(MOUNTINFO, '/srv/nfs')).to.deep.include({
      source: 'nfs1:/srv/images',
      aliases: ['192.0.2.5:/srv/images'],
    })
    expect(findMount(MOUNTINFO, '/srv')).to.equal(undefined)
  })
  const options: [string, string, string[]][] = [
    ['/mnt/a b', 'defaults,rw', []],
    ['/mnt/a b', 'size=16M,mode=0750,nosuid', []],
    ['/mnt/a b', 'size=8M,nodev', ['size=8M', 'nodev']],
    ['/mnt/a b', 'size=50%,_netdev,nofail,x-systemd.automount', []],
    ['/srv/nfs', 'vers=4.2,hard,_netdev', []],
    ['/srv/nfs', 'nfsvers=4', []],
    ['/srv/nfs', 'vers=3', ['vers=3']],
    ['/mnt/ro', 'defaults', ['rw']],
    ['/mnt/ro', 'ro', []],
    ['/srv/nfs', 'ro', ['ro']],
  ]
  for (const [path, wanted, expected] of options) {
    it(`${path}: ${wanted}`, () =>
      expect(optionsNotInForce(findMount(MOUNTINFO, path)!, wanted)).to.deep.equal(expected))
  }
})

describe('exports', () => {
  const clients = [{ host: '192.0.2.0/24', options: ['rw', 'sync'] }]
  it('reads the answer of exportfs -s', () => {
    const output = `/srv/images  192.0.2.0/24(sync,wdelay,hide,no_subtree_check,sec=sys,rw,secure,no_root_squash,no_all_squash)
/srv/images  <world>(sync,wdelay,hide,no_subtree_check,sec=sys,ro,secure,root_squash,no_all_squash)
/srv/other  kvm1.example.org(rw)
`
    expect(liveExports(output, '/srv/images').map((one) => one.host)).to.deep.equal(['192.0.2.0/24', '*'])
    const live = liveExports(output, '/srv/images')[0]!.options
    expect(
      optionsDiffer(live, ['rw', 'sync', 'no_subtree_check', 'no_root_squash', 'secure', 'anonuid=65534']),
    ).to.equal(false)
    for (const one of ['ro', 'root_squash', 'async', 'fsid=root', 'anonuid=0', 'crossmnt', 'sec=krb5'])
      expect(optionsDiffer(live, [one]), one).to.equal(true)
  })
  it('knows a short name in full', () => {
    expect(sameClient('kvm1.example.org', 'kvm1')).to.equal(true)
    expect(sameClient('kvm10.example.org', 'kvm1')).to.equal(false)
  })
  it('replaces a line with all that it goes on to, and quotes blanks', () => {
    expect(setExport('# a\n/srv/x *(ro) \\\n  b(rw)\n/srv/y *(ro)\n', '/srv/x', clients)).to.equal(
      '# a\n/srv/x 192.0.2.0/24(rw,sync)\n/srv/y *(ro)\n',
    )
    expect(setExport('', '/srv/a b', clients)).to.equal('"/srv/a b" 192.0.2.0/24(rw,sync)\n')
    expect(setExport('/srv/x *(ro)\n', '/srv/x', [])).to.equal('')
  })
  it('leaves other lines as they are, and is done after once', () => {
    const other = fc.constantFrom('# note', '', '/srv/y *(ro)', '/srv/xx *(rw)', '"/srv/a b" c(rw)')
    fc.assert(
      fc.property(fc.array(other), (all) => {
        const text = all.map((one) => `${one}\n`).join('')
        const once = setExport(text, '/srv/x', clients)
        expect(once).to.equal(`${text}/srv/x 192.0.2.0/24(rw,sync)\n`)
        expect(setExport(once, '/srv/x', clients)).to.equal(once)
        expect(setExport(once, '/srv/x', [])).to.equal(text)
      }),
    )
  })
})
