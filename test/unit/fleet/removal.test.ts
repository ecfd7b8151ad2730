import { expect } from 'chai'
import fc from 'fast-check'
import { disksOf, type RemovalFacts, removalPlan } from '../../../core/fleet/removal/plan.ts'
import { type UseFacts, usesOf } from '../../../core/fleet/removal/uses.ts'
import { basesIn } from '../../../core/libvirt/images/bases.ts'
import { readScan, type SeenFile } from '../../../core/libvirt/images/scan.ts'
import { readDomain } from '../../../core/libvirt/xml/domain.ts'
import { parseXml } from '../../../core/libvirt/xml/element.ts'
import { vmOf } from './vm-of.ts'

const seen = (path: string, more: Partial<SeenFile> = {}): SeenFile => ({
  path,
  id: `1:${path}`,
  type: 'regular file',
  fileSystem: 'ext2/ext3',
  bases: [],
  ...more,
})
const facts = (more: Partial<UseFacts>): UseFacts => ({
  paths: ['/i/a'],
  seen: [seen('/i/a')],
  others: [],
  host: 'kvm1',
  silent: [],
  volumes: [],
  closed: [],
  ...more,
})

describe('whether a disk may be deleted', () => {
  const other = (host: string, ...files: string[]) => [{ vm: 'x', host, files }]
  const nfs = [seen('/i/a', { fileSystem: 'nfs' })]
  const table: [string, Partial<UseFacts>, RegExp | object][] = [
    ['nobody needs it', {}, {}],
    ['it is a volume', { volumes: [{ pool: 'p', name: 'a', path: '/i/a' }] }, { pool: 'p', volume: 'a' }],
    ['another VM has it', { others: other('kvm1', '/i/a') }, /VM x@kvm1 uses it/],
    [
      'another VM has it by another name',
      { seen: [seen('/i/a'), seen('/i/link', { id: '1:/i/a' })], others: other('kvm1', '/i/link') },
      /VM x@kvm1 uses it/,
    ],
    ['a local file of that name elsewhere is another', { others: other('kvm2', '/i/a') }, {}],
    ['a VM of another host has it, on NFS', { seen: nfs, others: other('kvm2', '/i/a') }, /VM x@kvm2 uses it/],
    ['a silent host could have it, on NFS', { seen: nfs, silent: ['kvm3'] }, /on nfs, and kvm3 did not answer/],
    ['a silent host, but a local file', { silent: ['kvm3'] }, {}],
    [
      'a file system that is not known counts as shared',
      { seen: [seen('/i/a', { fileSystem: 'UNKNOWN (0x1)' })], silent: ['kvm3'] },
      /kvm3 did not answer/,
    ],
    ['an overlay is on top', { seen: [seen('/i/a'), seen('/i/o', { bases: ['/i/a'] })] }, /\/i\/o is on top of it/],
    [
      'an overlay names it by another way',
      { seen: [seen('/i/a'), seen('/i/o', { bases: ['/j/a'] }), seen('/j/a', { id: '1:/i/a' })] },
      /\/i\/o is on top of it/,
    ],
    ['what a file is on top of cannot be told', { seen: [seen('/i/a'), seen('/i/q', { bases: undefined })] }, /\/i\/q/],
    ['a folder cannot be looked into', { closed: ['/j'] }, /\/j cannot be looked into/],
    ['it is not there', { seen: [] }, /not there/],
    ['it is a device', { seen: [seen('/i/a', { type: 'block special file' })] }, /block special/],
    ['there is no qemu-img', { seen: undefined }, /no qemu-img/],
  ]
  for (const [what, more, expected] of table) {
    it(what, () => {
      const use = usesOf(facts(more)).get('/i/a')
      if (!(expected instanceof RegExp)) expect(use).to.deep.equal(expected)
      else expect(use && 'keep' in use ? use.keep : `it would go: ${JSON.stringify(use)}`).to.match(expected)
    })
  }

  it('lets an overlay and its base of the same VM go together', () => {
    const all = [seen('/i/a'), seen('/i/o', { bases: ['/i/a'] })]
    expect([...usesOf(facts({ paths: ['/i/a', '/i/o'], seen: all })).values()]).to.deep.equal([{}, { bases: ['/i/a'] }])
  })

  it('never deletes what any overlay stands on, or any other VM has', () => {
    const name = fc.constantFrom('/i/a', '/i/b', '/i/c', '/i/d')
    const file = fc.record({ path: name, bases: fc.array(name, { maxLength: 2 }) })
    fc.assert(
      fc.property(fc.array(file), fc.array(name), fc.uniqueArray(name), (files, used, paths: readonly string[]) => {
        const map = new Map(['/i/a', '/i/b', '/i/c', '/i/d'].map((path) => [path, seen(path)]))
        for (const one of files) map.set(one.path, seen(one.path, { bases: one.bases }))
        const others = other('kvm1', ...used)
        const uses = usesOf(facts({ paths, seen: [...map.values()], others }))
        for (const [path, use] of uses) {
          if ('keep' in use) continue
          expect(used as readonly string[]).to.not.include(path)
          for (const above of map.values())
            if (!paths.includes(above.path)) expect(above.bases ?? []).to.not.include(path)
        }
      }),
    )
  })
})

describe('what qemu-img says', () => {
  const table: [string, string, string[] | undefined][] = [
    ['an image that is whole', '{"format":"qcow2"}', []],
    ['a base beside it', '{"backing-filename":"b.qcow2"}', ['/i/b.qcow2']],
    ['both names', '{"backing-filename":"b","full-backing-filename":"/i/b"}', ['/i/b']],
    ['a URL of a file', '{"backing-filename":"file:/x/b"}', ['/x/b']],
    ['a name that may be any', '{"backing-filename":"json:{\\"file\\":1}"}', undefined],
    ['nothing', '', undefined],
    ['no object', '3', undefined],
  ]
  for (const [what, text, bases] of table) {
    it(what, () => expect(basesIn(text, '/i/top')).to.deep.equal(bases))
  }

  it('is read between NULs, whatever the names are', () => {
    const scan =
      '8:1|regular file|xfs\u0000/i/a b\n\u0000{}\u00008:2|regular file|xfs\u0000/i/c\u0000{"backing-filename":"d"}\u0000'
    expect(readScan(scan)).to.deep.equal([
      { path: '/i/a b\n', id: '8:1', type: 'regular file', fileSystem: 'xfs', bases: [] },
      { path: '/i/c', id: '8:2', type: 'regular file', fileSystem: 'xfs', bases: ['/i/d'] },
    ])
  })

  it('is no file where it was cut', () => expect(readScan('8:1|regular file|xfs\u0000/i/a')).to.deep.equal([]))
})

describe('what is deleted with a VM', () => {
  const disk = (target: string, source: string, more = '', kind = "type='file' device='disk'") =>
    `<disk ${kind}><source file='${source}'/><target dev='${target}'/>${more}</disk>`
  const model = (devices: string, os = '') =>
    readDomain(parseXml(`<domain type='kvm'><name>a</name><os>${os}</os><devices>${devices}</devices></domain>`))
  const plan = (more: Partial<RemovalFacts>) =>
    removalPlan({
      vm: vmOf('kvm1', 'a'),
      condition: { state: 'shut off', reason: 'unknown' },
      models: [model('')],
      snapshots: [],
      checkpoints: [],
      uses: undefined,
      ...more,
    })

  const kept: [string, string, string][] = [
    ['a CD-ROM', disk('sda', '/i/x.qcow2', '', "type='file' device='cdrom'"), 'it is in a cdrom drive'],
    ['an ISO as a disk', disk('sda', '/i/x.ISO'), 'it is an ISO image'],
    ['what is read-only', disk('sda', '/i/x', '<readonly/>'), 'it is read-only'],
    ['what is shared', disk('sda', '/i/x', '<shareable/>'), 'it is shared (shareable)'],
    [
      'a block device',
      "<disk type='block' device='disk'><source dev='/dev/sdb'/><target dev='vda'/></disk>",
      'it is not a file but a block disk',
    ],
    ['a disk nobody told of', disk('sda', '/i/x'), 'who uses it is not known'],
  ]
  for (const [what, devices, why] of kept) {
    it(`keeps ${what}`, () => {
      const { deletes, keeps } = plan({ models: [model(devices)], uses: new Map() })
      expect(deletes).to.deep.equal([])
      expect(keeps.map((one) => one.why)).to.deep.equal([why])
    })
  }

  it('keeps every disk unless disks were asked for', () => {
    const { deletes, keeps } = plan({ models: [model(disk('vda', '/i/a'))] })
    expect(deletes).to.deep.equal([])
    expect(keeps).to.deep.equal([{ target: 'vda', path: '/i/a', why: 'only --disks deletes it' }])
  })

  it('deletes a disk that may go, as the volume it is', () => {
    const uses = new Map([['/i/a', { pool: 'p', volume: 'v' }]])
    expect(plan({ models: [model(disk('vda', '/i/a'))], uses }).deletes).to.deep.equal([
      { target: 'vda', path: '/i/a', volume: { pool: 'p', name: 'v' } },
    ])
  })

  it('looks at a file by its strictest use', () => {
    const both = model(disk('vda', '/i/a') + disk('sda', '/i/a', '<readonly/>'))
    const again = model(disk('sda', '/i/a', '<readonly/>') + disk('vda', '/i/a'))
    for (const one of [both, again])
      expect(plan({ models: [one], uses: new Map([['/i/a', {}]]) }).deletes).to.deep.equal([])
    expect(disksOf([both, again])).to.have.length(1)
  })

  it('counts a disk that only the running VM has', () => {
    const uses = new Map([['/i/live', {}]])
    const { deletes } = plan({ models: [model(''), model(disk('vdb', '/i/live'))], uses })
    expect(deletes.map((one) => one.path)).to.deep.equal(['/i/live'])
  })

  it('names the base images that stay, unless they are disks that go', () => {
    const two = [model(disk('vda', '/i/top') + disk('vdb', '/i/mid'))]
    const uses = new Map([
      ['/i/top', { bases: ['/i/mid'] }],
      ['/i/mid', { bases: ['/i/base'] }],
    ])
    const { deletes, keeps } = plan({ models: two, uses })
    expect(deletes.map((one) => one.path)).to.deep.equal(['/i/top', '/i/mid'])
    expect(keeps).to.deep.equal([{ target: 'vdb', path: '/i/base', why: 'a base image: /i/mid is on top of it' }])
  })

  it('has only the flags that the VM needs', () => {
    expect(plan({}).flags).to.deep.equal([])
    const full = plan({
      vm: vmOf('kvm1', 'a', { managedSave: true }),
      models: [model("<tpm model='tpm-crb'><backend type='emulator'/></tpm>", '<nvram>/n</nvram>')],
      snapshots: ['s'],
      checkpoints: ['c'],
    })
    expect(full.flags).to.deep.equal([
      '--managed-save',
      '--snapshots-metadata',
      '--checkpoints-metadata',
      '--nvram',
      '--tpm',
    ])
    expect(full.nvram).to.equal('/n')
  })
})
