import { expect } from 'chai'
import type { SeenFile } from '../../../../core/libvirt/images/scan.ts'
import { readSnapshot, type Snapshot } from '../../../../core/libvirt/snapshot/read.ts'
import { type StandingFacts, whoStandsThere } from '../../../../core/libvirt/snapshot/refusal.ts'
import { reversionTo } from '../../../../core/libvirt/snapshot/reversion.ts'
import { EXTERNAL, INTERNAL } from './texts.ts'

const seen = (path: string, bases: readonly string[] | undefined = []): SeenFile => ({
  path,
  id: `1:${path}`,
  type: 'regular file',
  fileSystem: 'xfs',
  bases,
})
const renamed = (text: string, name: string, image: string): string =>
  text.replace('<name>s<', `<name>${name}<`).replace('/i/web1.qcow2', image)
/** In that image. */
const inside = (name: string, image = '/i/a'): Snapshot => readSnapshot(renamed(INTERNAL, name, image))
/** On top of that image; `made`: the image that libvirt made when the domain went back to it. */
const outside = (name: string, image = '/i/a', made?: string): Snapshot => {
  const text = renamed(EXTERNAL, name, image).replace('/i/web1.s', `/i/a.${name}`)
  const disk = `<revertDisks><disk name='vda' snapshot='external'><source file='${made}'/></disk></revertDisks>`
  return readSnapshot(made === undefined ? text : text.replace('</disks><domain ', `</disks>${disk}<domain `))
}
const BASE = seen('/i/a', ['/i/template'])
const TEMPLATE = seen('/i/template')
const CLONE = seen('/i/clone', ['/i/a'])

interface Case extends Partial<Pick<StandingFacts, 'own' | 'seen' | 'closed'>> {
  /** The last one is the current one, the first the one to go back to. */
  readonly snapshots: readonly Snapshot[]
}
const on = (source: string) => [{ target: 'vda', source }]

describe('who is harmed where a domain goes back to a snapshot', () => {
  const table: [string, Case, RegExp | undefined][] = [
    ['nobody', { snapshots: [inside('i')] }, undefined],
    ['no internal one in the same image', { snapshots: [inside('i'), inside('j')] }, undefined],
    [
      'no other clone of the template',
      { snapshots: [inside('i')], seen: [BASE, TEMPLATE, seen('/i/x', ['/i/template'])] },
      undefined,
    ],
    [
      'a clone of an image that an internal one is in',
      { snapshots: [inside('i')], seen: [BASE, TEMPLATE, CLONE] },
      /^nothing is changed: \/i\/a would be written to, and it is the base of \/i\/clone$/,
    ],
    [
      'a clone that the next boot has',
      {
        snapshots: [inside('i')],
        own: [...on('/i/a'), ...on('/i/clone')],
        seen: [BASE, TEMPLATE, CLONE],
      },
      /base of \/i\/clone \(of 'web1'\)$/,
    ],
    [
      'not what it is on now, of no snapshot: that is lost anyway',
      { snapshots: [inside('i')], own: on('/i/a.new'), seen: [BASE, TEMPLATE, seen('/i/a.new', ['/i/a'])] },
      undefined,
    ],
    [
      'an external one on top of an internal one',
      { snapshots: [inside('i'), outside('e')], own: on('/i/a.e'), seen: [BASE, seen('/i/a.e', ['/i/a'])] },
      /\/i\/a would be written to, and snapshot 'e' needs it as it is$/,
    ],
    [
      'an internal one in an image on top of it',
      { snapshots: [inside('i'), inside('j', '/i/x')], own: on('/i/x'), seen: [BASE, seen('/i/x', ['/i/a'])] },
      /snapshot 'j' needs it as it is$/,
    ],
    [
      'no clone of the base of an external one',
      { snapshots: [outside('e')], own: on('/i/a.e'), seen: [BASE, CLONE, seen('/i/a.e', ['/i/a'])] },
      undefined,
    ],
    [
      'a clone of the image that the domain is on since',
      {
        snapshots: [outside('e')],
        own: on('/i/a.e'),
        seen: [BASE, seen('/i/a.e', ['/i/a']), seen('/i/x', ['/i/a.e'])],
      },
      /\/i\/a\.e would be removed, and it is the base of \/i\/x$/,
    ],
    [
      'no clone of what another snapshot than the current one made',
      {
        snapshots: [outside('e'), outside('f', '/i/a.e')],
        own: on('/i/a.f'),
        seen: [BASE, seen('/i/a.e', ['/i/a']), seen('/i/a.f', ['/i/a.e']), seen('/i/x', ['/i/a.e'])],
      },
      undefined,
    ],
    [
      'a clone of what was made when it went back before',
      {
        snapshots: [outside('f', '/i/a.e'), outside('e', '/i/a', '/i/a.7')],
        own: on('/i/a.7'),
        seen: [BASE, seen('/i/a.e', ['/i/a']), seen('/i/a.7', ['/i/a']), seen('/i/x', ['/i/a.7'])],
      },
      /\/i\/a\.7 would be removed, and it is the base of \/i\/x$/,
    ],
    [
      'not the image of the current one, where it went back to that before',
      {
        snapshots: [outside('f', '/i/a.e'), outside('e', '/i/a', '/i/a.7')],
        own: on('/i/a.7'),
        seen: [BASE, seen('/i/a.e', ['/i/a']), seen('/i/a.7', ['/i/a']), seen('/i/x', ['/i/a.e'])],
      },
      undefined,
    ],
    [
      'another snapshot, which goes back to what is removed',
      {
        snapshots: [outside('f', '/i/a.e'), outside('e')],
        own: on('/i/a.7'),
        seen: [BASE, seen('/i/a.e', ['/i/a']), seen('/i/a.7', ['/i/a'])],
      },
      /\/i\/a\.e would be removed, and snapshot 'f' needs it as it is$/,
    ],
    [
      'an internal one in what is removed',
      {
        snapshots: [outside('e'), inside('i', '/i/a.e'), outside('e')],
        own: on('/i/a.e'),
        seen: [BASE, seen('/i/a.e', ['/i/a'])],
      },
      /snapshot 'i' needs it as it is$/,
    ],
    [
      'nobody, to an external one from an internal one in its image',
      {
        snapshots: [outside('e'), inside('i', '/i/a.e')],
        own: on('/i/a.e'),
        seen: [BASE, seen('/i/a.e', ['/i/a'])],
        closed: ['/j'],
      },
      undefined,
    ],
    [
      'who knows, beside an image that cannot be judged',
      { snapshots: [inside('i')], seen: [BASE, TEMPLATE, { ...seen('/i/x'), bases: undefined }] },
      /cannot tell what \/i\/x is on top of$/,
    ],
    [
      'who knows, in a folder that cannot be looked into',
      { snapshots: [inside('i')], closed: ['/j'] },
      /\/j cannot be looked into$/,
    ],
    [
      'nobody, where only an overlay of its own cannot be judged',
      { snapshots: [outside('e')], own: on('/i/a.e'), seen: [BASE, { ...seen('/i/a.e'), bases: undefined }] },
      undefined,
    ],
  ]
  for (const [what, { snapshots, ...more }, expected] of table)
    it(what, () => {
      const deed = reversionTo(snapshots[0]!, snapshots.at(-1), snapshots)
      const facts = { domain: 'web1', own: on('/i/a'), others: [], seen: [BASE, TEMPLATE], closed: [], ...more, deed }
      const why = whoStandsThere(facts)?.message
      if (expected) expect(why).to.match(expected)
      else expect(why).to.equal(undefined)
    })

  it('asks nobody where nothing is written to or removed', () => {
    expect(reversionTo(outside('e'), inside('i', '/i/a.e'), [outside('e'), inside('i', '/i/a.e')]).paths).to.deep.equal(
      [],
    )
    expect(reversionTo(outside('e'), undefined, [outside('e')]).paths).to.deep.equal([])
  })

  it('counts what it ran on and what its next boot had', () => {
    const live = INTERNAL.replace('</domainsnapshot>', '').concat(
      INTERNAL.slice(INTERNAL.indexOf('<domain type'), INTERNAL.indexOf('</domainsnapshot>'))
        .replace(/<(\/?)domain/g, '<$1inactiveDomain')
        .replace('/i/web1.qcow2', '/i/next'),
      '</domainsnapshot>',
    )
    const all = [readSnapshot(live)]
    expect(all[0]!.disks[0]!.images).to.deep.equal(['/i/next', '/i/web1.qcow2'])
    expect(reversionTo(all[0]!, all[0], all).paths).to.include.members(['/i/next', '/i/web1.qcow2'])
  })
})
