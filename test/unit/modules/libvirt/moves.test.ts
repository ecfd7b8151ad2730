import { expect } from 'chai'
import { parseXml } from '../../../../core/libvirt/xml/element.ts'
import { ModuleFailure } from '../../../../core/module/types.ts'
import { domainArgs } from '../../../../modules/libvirt/domain/args.ts'
import { type Move, moveChanges, movedTo } from '../../../../modules/libvirt/domain/moves.ts'
import type { FoundDomain, HostDomains } from '../../../../modules/libvirt/domain/probe.ts'

const NOBODY = { domains: [], overlays: [], unknown: [], closed: [] }
const MOVE: Move = {
  target: 'vda',
  from: '/i/old.raw',
  to: '/i/new.raw',
  fromThere: true,
  toThere: false,
  sameFileSystem: true,
  users: NOBODY,
}
const domain = (source: string) =>
  parseXml(
    `<domain><name>a</name><devices><disk type='file'><source file='${source}'/><target dev='vda'/></disk></devices></domain>`,
  )
const SUMMARY: FoundDomain['summary'] = {
  name: 'a',
  uuid: 'u',
  state: 'shut off',
  reason: 'user',
  persistent: true,
  autostart: false,
  managedSave: false,
}
const FOUND: FoundDomain = {
  summary: SUMMARY,
  config: domain('/i/old.raw'),
  live: undefined,
  snapshots: 0,
  checkpoints: 0,
}
const host = (move: Move, found: FoundDomain): HostDomains => ({
  found,
  machines: new Map(),
  others: [],
  missing: [],
  images: [],
  moves: [move],
  sizes: new Map(),
  check: false,
})

describe('an image that gets another name', () => {
  const running = { ...SUMMARY, state: 'running' } as const
  const table: [string, Partial<Move>, Partial<FoundDomain>, object, string | undefined][] = [
    ['is renamed', {}, {}, {}, 'devices.disk[vda].file'],
    ['is renamed where the definition is ahead', {}, { config: domain('/i/new.raw') }, {}, 'devices.disk[vda].file'],
    ['is renamed once', { fromThere: false, toThere: true, users: undefined }, {}, {}, undefined],
    ['is not there at all', { fromThere: false, users: undefined }, {}, {}, undefined],
    ['is refused where both are there', { toThere: true }, {}, {}, 'neither is renamed'],
    ['is refused where it is no disk of the machine', {}, { config: domain('/i/x.raw') }, {}, 'vda of .a. is /i/x.raw'],
    ['is refused under a machine that runs', {}, { summary: running }, {}, 'is running'],
    ['is renamed where that is to be off', {}, { summary: running }, { state: 'stopped' }, 'devices.disk[vda].file'],
    ['is refused where memory names it', {}, { summary: { ...SUMMARY, managedSave: true } }, {}, 'is saved'],
    ['is refused where snapshots name it', {}, { snapshots: 1 }, {}, 'has snapshots'],
    ['is refused into another file system', { sameFileSystem: false }, {}, {}, 'another file system'],
    ['is refused where another machine has it', { users: { ...NOBODY, domains: ['b'] } }, {}, {}, 'a disk of b'],
    [
      'is refused where an image is on top of it',
      { users: { ...NOBODY, overlays: ['/i/t'] } },
      {},
      {},
      'the base of /i/t',
    ],
    ['is refused where who needs it is not known', { users: undefined }, {}, {}, 'is not known'],
  ]
  for (const [what, move, found, task, expected] of table)
    it(what, () => {
      const all = host({ ...MOVE, ...move }, { ...FOUND, ...found })
      const args = domainArgs.parse({ name: 'a', ...task })
      const run = () => moveChanges(all, all.found as FoundDomain, args).map((one) => one.path)
      if (expected === undefined) expect(run()).to.deep.equal([])
      else if (what.startsWith('is refused')) expect(run).to.throw(ModuleFailure, new RegExp(expected))
      else {
        expect(run()).to.deep.equal([expected])
        expect([...movedTo(all)]).to.deep.equal(['/i/new.raw'])
      }
    })
})
