import { expect } from 'chai'
import { neededAmong } from '../../../../modules/libvirt/vms/needed.ts'

const doomed = [
  { name: 'a', files: ['/i/a', '/i/a-seed'] },
  { name: 'b', files: ['/i/b'] },
  { name: 'c', files: ['/i/c'] },
]
type Users = { domains?: string[]; overlays?: string[]; unknown?: string[]; closed?: string[] }
const users = (of: Record<string, Users>) =>
  new Map(
    Object.entries(of).map(([file, { domains = [], overlays = [], unknown = [], closed = [] }]) => [
      file,
      { domains, overlays, unknown, closed },
    ]),
  )
const sure = { isDoubtful: false }

describe('VMs that are removed together', () => {
  for (const [what, found, expected] of [
    ['go when nobody else has their files', { '/i/a': { domains: ['a'] }, '/i/b': { domains: ['b'] } }, {}],
    ['go with those that are on top of them', { '/i/a': { domains: ['a'], overlays: ['/i/b'] } }, {}],
    [
      'stay when another machine has one of their files',
      { '/i/a-seed': { domains: ['a', 'web'] } },
      { a: { file: '/i/a-seed', by: 'web', ...sure } },
    ],
    [
      'stay when a foreign image is on top of their disk',
      { '/i/b': { overlays: ['/i/clone'] } },
      { b: { file: '/i/b', by: '/i/clone', ...sure } },
    ],
    [
      'stay when one that stays is on top of them',
      { '/i/a': { overlays: ['/i/b'] }, '/i/b': { overlays: ['/i/c'] }, '/i/c': { domains: ['c', 'web'] } },
      {
        c: { file: '/i/c', by: 'web', ...sure },
        b: { file: '/i/b', by: '/i/c', ...sure },
        a: { file: '/i/a', by: '/i/b', ...sure },
      },
    ],
    ['go with what of them is half made', { '/i/b': { unknown: ['/i/b.part', '/i/a'] } }, {}],
    [
      'stay when what may be on top of them cannot be looked into',
      { '/i/b': { unknown: ['/i/locked'] } },
      { b: { file: '/i/b', by: '/i/locked', isDoubtful: true } },
    ],
    [
      'stay when a folder cannot be looked into',
      { '/i/b': { closed: ['/j'] } },
      { b: { file: '/i/b', by: '/j', isDoubtful: true } },
    ],
  ] as const)
    it(what, () => {
      const { needed } = neededAmong(doomed, users(found as unknown as Parameters<typeof users>[0]))
      expect(Object.fromEntries(needed)).to.deep.equal(expected)
    })

  it('go one after another where they need one another', () => {
    const found = users({ '/i/a': { overlays: ['/i/b'] }, '/i/b': { domains: ['b', 'c'], overlays: ['/i/c.part'] } })
    const { needed, after } = neededAmong(doomed, found)
    expect([...needed]).to.deep.equal([])
    expect(Object.fromEntries(after)).to.deep.equal({ a: ['b'], b: ['c'], c: [] })
  })

  it('stay where there is no order in which they could go, and so does what these need', () => {
    const found = users({
      '/i/a': { overlays: ['/i/b'] },
      '/i/b': { domains: ['c'] },
      '/i/c': { domains: ['b'] },
    })
    expect(Object.fromEntries(neededAmong(doomed, found).needed)).to.deep.equal({
      a: { file: '/i/a', by: 'b', ...sure },
      b: { file: '/i/b', by: 'c', ...sure },
      c: { file: '/i/c', by: 'b', ...sure },
    })
  })
})
