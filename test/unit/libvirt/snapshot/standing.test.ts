import { expect } from 'chai'
import fc from 'fast-check'
import type { DefinedDomain } from '../../../../core/libvirt/images/places.ts'
import type { SeenFile } from '../../../../core/libvirt/images/scan.ts'
import { deletionOf } from '../../../../core/libvirt/snapshot/deed.ts'
import { readSnapshot, type SnapshotDisk } from '../../../../core/libvirt/snapshot/read.ts'
import { type StandingFacts, whoStandsThere } from '../../../../core/libvirt/snapshot/refusal.ts'
import { parseXml } from '../../../../core/libvirt/xml/element.ts'
import { EXTERNAL } from './texts.ts'

const seen = (path: string, bases: readonly string[] | undefined = [], id = `1:${path}`): SeenFile => ({
  path,
  id,
  type: 'regular file',
  fileSystem: 'xfs',
  bases,
})
const domain = (name: string, ...files: string[]): DefinedDomain => ({
  summary: { name } as never,
  running: false,
  definitions: [
    parseXml(
      `<domain><devices>${files.map((file) => `<disk type='file'><source file='${file}'/></disk>`).join('')}</devices></domain>`,
    ),
  ],
})
const disk = (base: string, overlay = '/i/src.s', type = 'file', target = 'vda'): SnapshotDisk => ({
  target,
  external: true,
  overlay,
  base: { ...readSnapshot(EXTERNAL).disks[0]!.base!, source: base, type, target },
  images: [base],
})
const CHAIN = [seen('/i/src.s', ['/i/src']), seen('/i/src', ['/i/template']), seen('/i/template')]
/** The deletion of an external snapshot of these disks. */
const merging = (...disks: SnapshotDisk[]) => deletionOf([{ ...readSnapshot(EXTERNAL), disks }])
const facts = (more: Partial<StandingFacts>): StandingFacts => ({
  domain: 'src',
  deed: merging(disk('/i/src')),
  own: [{ target: 'vda', source: '/i/src.s' }],
  others: [],
  seen: CHAIN,
  closed: [],
  ...more,
})
const clone = seen('/i/clone', ['/i/src'])
const network = {
  deed: merging(disk('pool/src', '/i/src.s', 'network')),
  seen: [{ ...seen('/i/src.s'), bases: undefined }],
}

describe('who stands on the images of an external snapshot', () => {
  const table: [string, Partial<StandingFacts>, RegExp | undefined][] = [
    ['nobody', {}, undefined],
    ['others on the template below', { seen: [...CHAIN, seen('/i/x', ['/i/template'])] }, undefined],
    [
      'a later snapshot of the same disk',
      {
        own: [{ target: 'vda', source: '/i/src.t' }],
        seen: [...CHAIN, seen('/i/src.t', ['/i/src.s'])],
      },
      undefined,
    ],
    [
      'an image that no domain has',
      { seen: [...CHAIN, clone] },
      /\/i\/src would be written to, and it is the base of \/i\/clone$/,
    ],
    [
      'a domain on an image on it',
      { seen: [...CHAIN, clone], others: [domain('c', '/i/clone')] },
      /base of \/i\/clone \(of 'c'\)$/,
    ],
    [
      'a domain on a snapshot of an image on it',
      { seen: [...CHAIN, clone, seen('/i/c.s', ['/i/clone'])], others: [domain('c', '/i/c.s')] },
      /base of \/i\/clone \(of 'c'\)$/,
    ],
    [
      'an image that names it by another way',
      { seen: [...CHAIN, seen('/i/x', ['/j/src']), seen('/j/src', ['/i/template'], '1:/i/src')] },
      /base of \/i\/x$/,
    ],
    [
      'an image on the overlay',
      { seen: [...CHAIN, seen('/i/x', ['/i/src.s'])] },
      /\/i\/src\.s would be removed, and it is the base of \/i\/x$/,
    ],
    [
      'another disk of the same domain',
      {
        own: [
          { target: 'vda', source: '/i/src.s' },
          { target: 'vdb', source: '/i/clone' },
        ],
        seen: [...CHAIN, clone],
      },
      /base of \/i\/clone \(of 'src'\)$/,
    ],
    [
      'what the domain is to boot next',
      {
        own: [
          { target: 'vda', source: '/i/src.s' },
          { target: 'vda', source: '/i/clone' },
        ],
        seen: [...CHAIN, clone],
      },
      /base of \/i\/clone \(of 'src'\)$/,
    ],
    ['a domain that has the base as a disk', { others: [domain('c', '/i/src')] }, /\/i\/src .* it is a disk of 'c'$/],
    [
      'the domain itself has the base as another disk',
      {
        own: [
          { target: 'vda', source: '/i/src.s' },
          { target: 'vdb', source: '/i/src' },
        ],
      },
      /it is a disk of 'src' as vdb, too$/,
    ],
    [
      'a base that is elsewhere than the snapshot says',
      {
        seen: [seen('/i/src.s', ['/j/src']), seen('/j/src'), seen('/i/x', ['/j/src'])],
      },
      /\/j\/src would be written to/,
    ],
    [
      'an image that cannot be judged',
      { seen: [...CHAIN, { ...seen('/i/x'), bases: undefined }] },
      /cannot tell what \/i\/x is on/,
    ],
    [
      'a volume of a pool that does not run',
      {
        others: [
          {
            ...domain('c'),
            definitions: [
              parseXml("<domain><devices><disk type='volume'><source pool='p' volume='v'/></disk></devices></domain>"),
            ],
          },
        ],
      },
      /cannot tell what p\/v is on/,
    ],
    [
      'an overlay that cannot be judged itself',
      { seen: [{ ...seen('/i/src.s'), bases: undefined }] },
      /cannot tell what \/i\/src\.s is on/,
    ],
    ['a folder that cannot be looked into', { closed: ['/j'] }, /\/j cannot be looked into/],
    ['nobody, on what is no file', network, undefined],
    [
      'a domain that has what is no file',
      {
        ...network,
        others: [
          {
            ...domain('c'),
            definitions: [parseXml("<domain><disk><source protocol='rbd' name='pool/src'/></disk></domain>")],
          },
        ],
      },
      /pool\/src would be written to, and it is a disk of 'c'/,
    ],
    [
      'others, once it went back to the snapshot',
      {
        own: [{ target: 'vda', source: '/i/src.7' }],
        seen: [...CHAIN.slice(1), seen('/i/src.7', ['/i/src']), clone],
      },
      /\/i\/src would be written to/,
    ],
    [
      'nobody, once it went back to the snapshot',
      {
        own: [{ target: 'vda', source: '/i/src.7' }],
        seen: [...CHAIN.slice(1), seen('/i/src.7', ['/i/src'])],
      },
      undefined,
    ],
    [
      'its own overlay, which is left since it went back',
      {
        own: [{ target: 'vda', source: '/i/src.7' }],
        seen: [...CHAIN, seen('/i/src.7', ['/i/src'])],
      },
      undefined,
    ],
    [
      'nobody, on two that are no files',
      {
        deed: merging(disk('pool/a', '/i/a.s', 'network'), disk('pool/b', '/i/b.s', 'network', 'vdb')),
        own: [
          { target: 'vda', source: '/i/a.s' },
          { target: 'vdb', source: '/i/b.s' },
        ],
        seen: [
          { ...seen('/i/a.s'), bases: undefined },
          { ...seen('/i/b.s'), bases: undefined },
        ],
      },
      undefined,
    ],
    [
      'nobody, on a base whose own base is no file',
      { seen: [...CHAIN.slice(0, 1), { ...seen('/i/src'), bases: undefined }] },
      undefined,
    ],
    [
      'others, but it is merged already',
      { own: [{ target: 'vda', source: '/i/src' }], seen: [...CHAIN.slice(1), clone] },
      undefined,
    ],
  ]
  for (const [what, more, expected] of table)
    it(what, () => {
      const why = whoStandsThere(facts(more))?.message
      if (expected) expect(why).to.match(expected)
      else expect(why).to.equal(undefined)
    })

  it('says how to make it free', () => {
    const hint = whoStandsThere(facts({ seen: [...CHAIN, clone] }))?.hint
    expect(hint).to.include("qemu-img rebase -f qcow2 -b '' IMAGE").and.to.include('virsh blockpull')
  })

  it('whatever the images stand on: merged only where the writing is seen by the disk alone', () => {
    const names = ['/i/a', '/i/b', '/i/c', '/i/d', '/i/e']
    // Each stands on a later one, or on none.
    const bases = fc.tuple(...names.map((_, i) => fc.constantFrom(undefined, ...names.slice(i + 1))))
    fc.assert(
      fc.property(bases, fc.constantFrom(...names), (below, top) => {
        const on = new Map(names.map((name, i) => [name, below[i]]))
        const base = on.get(top)
        if (base === undefined) return
        const all = names.map((name) => seen(name, on.get(name) === undefined ? [] : [on.get(name)!]))
        const why = whoStandsThere(
          facts({ deed: merging(disk(base, top)), own: [{ target: 'vda', source: top }], seen: all }),
        )
        const foreign = names.some((name) => name !== top && [top, base].includes(on.get(name) ?? ''))
        expect(why !== undefined).to.equal(foreign)
      }),
    )
  })
})
