import { expect } from 'chai'
import type { DomainSummary } from '../../../../core/libvirt/types.ts'
import { decide } from '../../../../modules/libvirt/migrate/outcome.ts'
import { older } from '../../../../modules/libvirt/migrate/preflight.ts'
import { vmsArgs } from '../../../../modules/libvirt/vms/args.ts'
import { parseJournal } from '../../../../modules/libvirt/vms/journal.ts'
import { place } from '../../../../modules/libvirt/vms/placement.ts'
import { wantedVms } from '../../../../modules/libvirt/vms/wanted.ts'

const domain = (state: DomainSummary['state'], reason = 'unknown', uuid = 'u'): DomainSummary => ({
  name: 'v',
  uuid,
  state,
  reason,
  persistent: true,
  autostart: false,
  managedSave: false,
})

describe('what became of a migration', () => {
  const table: [string, DomainSummary | undefined, DomainSummary | undefined, string][] = [
    ['only the source runs', domain('running'), undefined, 'stayed'],
    ['only the destination runs', undefined, domain('running'), 'moved'],
    ['the source is off, the destination runs', domain('shut off', 'migrated'), domain('running'), 'moved'],
    ['prepared, not finished', domain('running'), domain('paused', 'migrating'), 'stayed'],
    ['both run', domain('running'), domain('running'), 'unclear'],
    ['both are off', domain('shut off'), domain('shut off'), 'unclear'],
    ['both are paused', domain('paused', 'migrating'), domain('paused', 'migrating'), 'unclear'],
    ['post-copy', domain('paused', 'post-copy'), domain('running', 'post-copy'), 'unclear'],
    ['another machine of that name', domain('running'), domain('shut off', 'unknown', 'other'), 'unclear'],
    ['nobody has it', undefined, undefined, 'unclear'],
  ]
  for (const [name, source, target, verdict] of table) {
    it(`${name}: ${verdict}`, () => expect(decide(source, target, false).verdict).to.equal(verdict))
  }

  it('destroys the copy only while the source runs', () => {
    expect(decide(domain('running'), domain('paused', 'migrating'), false)).to.include({ killTarget: true })
    expect(decide(domain('running'), domain('shut off'), false)).to.include({ killTarget: false, leftAtTarget: true })
  })

  it('compares versions by number', () => {
    expect([older('7.2.9', '7.2.13'), older('8.0.0', '7.2.13'), older('', '7.0.0')]).to.deep.equal([true, false, false])
  })
})

describe('placement', () => {
  const vms = (count: number, extra: object = {}) =>
    wantedVms(vmsArgs.parse({ count, pattern: 'w%02d', memory: '1GiB', ...extra }))
  const hosts = [
    { name: 'a', freeKiB: 4 * 1024 ** 2 },
    { name: 'b', freeKiB: 3 * 1024 ** 2 },
  ]
  const where = (placed: ReturnType<typeof place>) => [...placed].map(([vm, p]) => `${vm}@${p.host}`).sort()

  it('spreads by free memory, and packs the fullest first', () => {
    expect(where(place(vms(3), hosts, 'spread', 0))).to.deep.equal(['w01@a', 'w02@a', 'w03@b'])
    expect(where(place(vms(3), hosts, 'pack', 0))).to.deep.equal(['w01@b', 'w02@b', 'w03@b'])
  })

  it('puts a VM where the task says, and names those that fit nowhere', () => {
    expect(where(place(vms(1, { overrides: [{ name: 'w01', host: 'b' }] }), hosts, 'spread', 0))).to.deep.equal([
      'w01@b',
    ])
    expect(() => place(vms(8), hosts, 'spread', 0)).to.throw(/no host has the memory for w08/)
    expect(() => place(vms(1), hosts, 'spread', 4 * 1024 ** 2)).to.throw(/w01/)
  })

  it('refuses names that are paths, and duplicates', () => {
    for (const names of [['../x'], ['a', 'a'], ['a b']]) expect(() => wantedVms(vmsArgs.parse({ names }))).to.throw()
    expect(vms(2, { start: 9 }).map((v) => v.name)).to.deep.equal(['w09', 'w10'])
  })

  it('reads a journal, and not what is torn', () => {
    expect(parseJournal('{"name":"a","uuid":"u","files":["/x",3,"y"]}\n{"name":"b"\n\n')).to.deep.equal([
      { name: 'a', uuid: 'u', files: ['/x'] },
    ])
  })
})
