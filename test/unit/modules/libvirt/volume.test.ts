import { expect } from 'chai'
import fc from 'fast-check'
import type { JsonObject } from '../../../../core/events/json.ts'
import { ModuleFailure } from '../../../../core/module/types.ts'
import { formatByName, newFormat, volumeArgs } from '../../../../modules/libvirt/storage/volume/args.ts'
import { diffVolume } from '../../../../modules/libvirt/storage/volume/diff.ts'
import { type DomainDisks, writtenBy } from '../../../../modules/libvirt/storage/volume/domains.ts'
import { usedChunks } from '../../../../modules/libvirt/storage/volume/extents.ts'
import type { VolumeHost, VolumeState } from '../../../../modules/libvirt/storage/volume/probe.ts'
import type { Volume } from '../../../../modules/libvirt/storage/volume/read.ts'
import { refuseOtherFormat } from '../../../../modules/libvirt/storage/volume/source.ts'

const MIB = 1024n * 1024n
const args = (more: JsonObject = {}) => volumeArgs.parse({ pool: 'p', name: 'v', ...more })
const NOBODY = { domains: [], overlays: [], unknown: [], closed: [] }
const VOLUME: Volume = {
  path: '/i/v',
  capacity: 16n * MIB,
  format: 'qcow2',
  backing: undefined,
  users: [],
  writer: undefined,
  digest: undefined,
}
const FILES = { active: true, kind: 'files', type: 'dir', folder: '/i' } as const
const BLOCKS = { active: true, kind: 'blocks', type: 'logical', folder: '/dev/vg' } as const
const host = (more: Partial<VolumeHost> = {}): VolumeHost => ({
  pool: FILES,
  volume: undefined,
  torn: false,
  source: undefined,
  upload: undefined,
  download: undefined,
  users: undefined,
  ...more,
})
const state = (value: VolumeHost, check = false): VolumeState => ({ check, answer: { kind: 'answer', value } })
const upload = (sha256: string, format: 'raw' | 'qcow2' = 'qcow2') => ({
  content: Buffer.alloc(0),
  format,
  sha256,
  virtualSize: 16n * MIB,
})

describe('what libvirt_volume has to do', () => {
  const source = { path: '/i/a.raw', format: 'raw', virtualSize: 16n * MIB } as const
  const has = host({ volume: VOLUME })
  const running = { name: 'web', running: true, target: 'vda' }
  const table: [string, VolumeState, JsonObject, string[] | string][] = [
    ['a new one', state(host()), { capacity: '1G' }, ['state now']],
    ['a new one of no size', state(host()), {}, 'needs capacity, backing, from or src'],
    ['one to be brought that is not there', state(host()), { dest: '/x' }, "there is no volume 'v'"],
    ['one that is there', state(has), { capacity: '16M' }, []],
    ['one to be grown', state(has), { capacity: '17M' }, ['capacity now']],
    ['one that is larger', state(has), { capacity: '15M' }, 'never shrunk unasked'],
    [
      'one that is larger, and may be smaller',
      state(host({ volume: VOLUME, users: NOBODY })),
      { capacity: '15M', allow_shrink: true },
      ['capacity now'],
    ],
    [
      'one whose overlays are not known',
      state(has),
      { capacity: '15M', allow_shrink: true },
      'who needs it is not known',
    ],
    [
      'one that is larger, under an overlay',
      state(host({ volume: VOLUME, users: { ...NOBODY, overlays: ['/i/top'] } })),
      { capacity: '15M', allow_shrink: true },
      'is the base of /i/top',
    ],
    [
      'one that is larger, and runs',
      state(host({ volume: { ...VOLUME, users: [running] }, users: NOBODY })),
      { capacity: '15M', allow_shrink: true },
      'web has it, and runs',
    ],
    ['a device, rounded up', state(host({ volume: VOLUME, pool: BLOCKS })), { capacity: '15M' }, []],
    ['a file, rounded up', state(host({ volume: { ...VOLUME, capacity: 1024n } })), { capacity: '1000' }, []],
    ['another format', state(has), { format: 'raw' }, 'it is not converted in its place'],
    ['another base', state(has), { backing: '/b' }, 'is based on nothing, not on /b'],
    ['a copy', state(host({ source })), { from: 'a.raw' }, ['state now (qcow2 made of a.raw (raw))']],
    [
      'a copy of the same format',
      state(host({ source })),
      { from: 'a.raw', format: 'raw' },
      ['state now (a copy of a.raw (raw))'],
    ],
    ['a copy that is there', state(has), { from: 'a.raw', compressed: true }, []],
    ['a copy of nothing', state(host()), { from: 'a.raw' }, 'there is no a.raw to copy'],
    [
      'a copy of what an earlier task makes',
      state(host(), true),
      { from: 'a.raw' },
      ['state now (there is no a.raw yet)'],
    ],
    [
      'a copy that would be cut',
      state(host({ source })),
      { from: 'a.raw', capacity: '1M' },
      'is less than the 16777216 bytes',
    ],
    [
      'a copy into a pool of another kind',
      state(host({ source, pool: { active: true, kind: 'others', type: 'rbd', folder: undefined } })),
      { from: 'a.raw' },
      'neither of files nor of block devices',
    ],
    [
      'a device that was not filled',
      state(host({ volume: VOLUME, pool: BLOCKS, torn: true, source })),
      { from: 'a.raw' },
      ['state now (an attempt to fill it was cut: made anew; a copy of a.raw (raw))'],
    ],
    ['what is sent, and is there', state(has), { src: 'a' }, []],
    [
      'what is sent, and is another',
      state(host({ volume: { ...VOLUME, digest: 'x' }, upload: upload('y'), users: NOBODY })),
      { src: 'a', force: true },
      ['content now'],
    ],
    [
      'what is sent, and is the same',
      state(host({ volume: { ...VOLUME, digest: 'y' }, upload: upload('y') })),
      { src: 'a', force: true },
      [],
    ],
    [
      'what is sent, and is needed',
      state(host({ volume: { ...VOLUME, digest: 'x' }, upload: upload('y'), users: { ...NOBODY, domains: ['web'] } })),
      { src: 'a', force: true },
      'is not replaced: it is a disk of web',
    ],
    [
      'what is sent, and nobody knows who needs it',
      state(host({ volume: { ...VOLUME, digest: 'x' }, upload: upload('y') })),
      { src: 'a', force: true },
      'is not known',
    ],
    [
      'what cannot be compared',
      state(host({ volume: VOLUME, upload: upload('y', 'raw') })),
      { src: 'a', force: true },
      'cannot be compared',
    ],
    ['one to be deleted', state(host({ volume: VOLUME, users: NOBODY })), { state: 'absent' }, ['state now']],
    ['one that is deleted', state(host()), { state: 'absent' }, []],
    [
      'one to be deleted, and who needs it is not known',
      state(has),
      { state: 'absent' },
      'is not deleted: who needs it is not known',
    ],
    [
      'a base to be deleted',
      state(host({ volume: VOLUME, users: { ...NOBODY, overlays: ['/i/t'] } })),
      { state: 'absent' },
      'is the base of /i/t',
    ],
    [
      'one beside what cannot be read',
      state(host({ volume: VOLUME, users: { ...NOBODY, unknown: ['/i/u'] } })),
      { state: 'absent' },
      'what /i/u is on top of',
    ],
    [
      'one in a pool that cannot be looked into',
      state(host({ volume: VOLUME, users: { ...NOBODY, closed: ['/i'] } })),
      { state: 'absent' },
      '/i cannot be looked into (look as root',
    ],
    [
      'one to be brought',
      state(host({ volume: VOLUME, download: { size: 1, before: undefined, after: undefined } })),
      { dest: '/x' },
      ['dest now'],
    ],
    [
      'one that is brought',
      state(host({ volume: VOLUME, download: { size: 1, before: 'a', after: 'a' } })),
      { dest: '/x' },
      [],
    ],
    [
      'one that is written to',
      state(host({ volume: { ...VOLUME, writer: 'web' }, download: { size: 1, before: 'a', after: 'a' } })),
      { dest: '/x' },
      'would be torn',
    ],
    [
      'an overlay to be brought',
      state(host({ volume: { ...VOLUME, backing: '/b' }, download: { size: 1, before: undefined, after: undefined } })),
      { dest: '/x' },
      'alone it is of no use',
    ],
    [
      'a pool that does not run',
      state(host({ pool: { ...FILES, active: false } })),
      { capacity: '1G' },
      'does not run',
    ],
  ]
  for (const [what, given, more, expected] of table)
    it(what, () => {
      const run = () =>
        diffVolume(given, args(more)).map(
          (c) => `${c.path} ${c.effect}${c.note === undefined || /lost$/.test(c.note) ? '' : ` (${c.note})`}`,
        )
      if (typeof expected === 'string') expect(run).to.throw(ModuleFailure, expected)
      else expect(run()).to.deep.equal(expected)
    })
})

describe('arguments of libvirt_volume', () => {
  const parses = (more: JsonObject) => volumeArgs.safeParse({ pool: 'p', name: 'v', ...more }).success
  it('exclude what cannot be together', () => {
    expect(parses({ from: 'a', compressed: true })).to.equal(true)
    for (const more of [
      { from: 'a', src: 'b' },
      { from: 'a', backing: '/b' },
      { compressed: true },
      { from: 'a', compressed: true, format: 'raw' },
      { from: '/a', from_pool: 'q' },
      { force: true },
      { name: '../x' },
      { name: '..' },
    ])
      expect(parses(more), JSON.stringify(more)).to.equal(false)
  })
  it('tell the format of a new volume', () => {
    expect(newFormat(args(), false)).to.equal('qcow2')
    expect(newFormat(args(), true)).to.equal('raw')
    expect(newFormat(args({ name: 'd.iso' }), false)).to.equal('raw')
    expect(newFormat(args({ name: 'd.iso', format: 'qcow2' }), false)).to.equal('qcow2')
  })
  it('tell the format of a source by its name, never by what is in it', () => {
    const names = {
      'a.qcow2': 'qcow2',
      'w-flat.vmdk': 'raw',
      'w.VMDK': 'vmdk',
      '/dev/vg/a': 'raw',
      'a.img': undefined,
      a: undefined,
    }
    for (const [name, format] of Object.entries(names)) expect(formatByName(name), name).to.equal(format)
    const qcow2 = Buffer.from('514649fb00000003', 'hex')
    expect(() => refuseOtherFormat('/a.raw', 'raw', qcow2)).to.throw(ModuleFailure, 'begins as an image of another')
    expect(() => refuseOtherFormat('/a.raw', 'raw', Buffer.from('KDMV'))).to.throw(ModuleFailure)
    expect(() => refuseOtherFormat('/a.raw', 'raw', Buffer.from('text'))).not.to.throw()
    expect(() => refuseOtherFormat('/a.qcow2', 'qcow2', qcow2)).not.to.throw()
  })
})

describe('who writes to a disk', () => {
  const disk = (source: string, readonly = false) => ({ source, readonly }) as DomainDisks['disks'][number]
  const domain = (running: boolean, saved: boolean): DomainDisks => ({
    name: 'web',
    running,
    saved,
    disks: [disk('/i/a'), disk('/i/cd', true), disk('pool/volume')],
    files: [],
  })
  it('is a machine that runs or is saved, and not to what it only reads', () => {
    expect(writtenBy(domain(true, false))).to.deep.equal(['/i/a'])
    expect(writtenBy(domain(false, true))).to.deep.equal(['/i/a'])
    expect(writtenBy(domain(false, false))).to.deep.equal([])
  })
})

describe('pieces of a volume that have data', () => {
  const LENGTH = 16
  const extents = fc.array(fc.record({ length: fc.integer({ min: 1, max: 40 }), hole: fc.boolean() }), { minLength: 1 })
  it('are all that have any, and no others', () => {
    fc.assert(
      fc.property(extents, (parts) => {
        let start = 0
        const data = new Set<number>()
        const map = parts.map(({ length, hole }) => {
          const one = { start, length, data: !hole, zero: hole }
          for (let i = start; i < start + length; i++) if (!hole) data.add(Math.floor(i / LENGTH))
          start += length
          return one
        })
        const count = Math.ceil(start / LENGTH)
        expect(usedChunks(JSON.stringify(map), count, LENGTH)).to.deep.equal([...data].sort((a, b) => a - b))
      }),
    )
  })
  it('are all, where the map is not understood, has a gap, or ends early', () => {
    for (const map of [
      '',
      '{}',
      '[1]',
      '[{"start":1,"length":16,"data":true}]',
      '[{"start":0,"length":-1,"data":false,"zero":true}]',
    ])
      expect(usedChunks(map, 4, LENGTH), map).to.equal(undefined)
    expect(usedChunks('[{"start":0,"length":16,"data":false,"zero":true}]', 4, LENGTH)).to.equal(undefined)
  })
  it('may be zeros that nobody has told of', () => {
    expect(usedChunks('[{"start":0,"length":16,"data":false,"zero":false}]', 1, LENGTH)).to.deep.equal([0])
  })
})
