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

describe('fixed addresses', () => {
  const addressesOf = (extra: object) =>
    wantedVms(vmsArgs.parse({ count: 3, pattern: 'w%02d', cloud_init: {}, ...extra })).map((vm) => vm.address?.cidr)

  it('count on from the first, in one network', () => {
    expect(addressesOf({ address: '192.0.2.254/23' })).to.deep.equal([
      '192.0.2.254/23',
      '192.0.2.255/23',
      '192.0.3.0/23',
    ])
    expect(addressesOf({ address: '2001:db8::ffff/64' })[1]).to.equal('2001:db8:0:0:0:0:1:0/64')
    const overrides = [{ name: 'w02', address: '198.51.100.7/24' }]
    expect(addressesOf({ address: '192.0.2.1/24', overrides })).to.deep.equal([
      '192.0.2.1/24',
      '198.51.100.7/24',
      '192.0.2.3/24',
    ])
  })

  const wrong: [object, RegExp][] = [
    [{ address: '192.0.2.253/24' }, /no room for 3 VMs/],
    [{ address: '192.0.2.1' }, /is not an address with prefix/],
    [{ address: '192.0.2.1/33' }, /is not an address with prefix/],
    [{ address: '192.0.2.1/24', overrides: [{ name: 'w03', address: '192.0.2.2/24' }] }, /of 'w02' and of 'w03'/],
    [{ address: '192.0.2.1/24', gateway: 'router' }, /gateway: 'router' is not an address/],
    [{ address: '192.0.2.1/24', cloud_init: undefined }, /address needs cloud_init/],
    [{ address: '192.0.2.1/24', cloud_init: { network_config: { version: 2 } } }, /exclude one another/],
  ]
  for (const [extra, message] of wrong)
    it(`refuses ${JSON.stringify(extra)}`, () => expect(() => addressesOf(extra)).to.throw(message))
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
    expect(where(place(vms(3), hosts, { how: 'spread', reserveKiB: 0 }))).to.deep.equal(['w01@a', 'w02@a', 'w03@b'])
    expect(where(place(vms(3), hosts, { how: 'pack', reserveKiB: 0 }))).to.deep.equal(['w01@b', 'w02@b', 'w03@b'])
  })

  it('puts a VM where the task says, and names those that fit nowhere', () => {
    expect(
      where(place(vms(1, { overrides: [{ name: 'w01', host: 'b' }] }), hosts, { how: 'spread', reserveKiB: 0 })),
    ).to.deep.equal(['w01@b'])
    expect(() => place(vms(8), hosts, { how: 'spread', reserveKiB: 0 })).to.throw(
      /there is no place for w08 \(1024 MiB: a has 0 MiB free, b has 0 MiB free\)/,
    )
    expect(() => place(vms(1), hosts, { how: 'spread', reserveKiB: 4 * 1024 ** 2 })).to.throw(/w01/)
  })

  it('keeps VMs of a group apart, also from those that are there', () => {
    const rules = { how: 'pack', reserveKiB: 0, apart: [['w01', 'w02']] } as const
    expect(where(place(vms(3), hosts, rules))).to.deep.equal(['w01@b', 'w02@a', 'w03@b'])
    const [a, b] = hosts
    expect(where(place(vms(1), [a!, { ...b!, has: ['w02'] }], rules))).to.deep.equal(['w01@a'])
    expect(() => place(vms(2), [a!], rules)).to.throw(/w02 \(1024 MiB: a has w01, from which it is kept apart\)/)
  })

  it('puts nothing on a host that the run may not change, unless the task says so', () => {
    const rules = { how: 'spread', reserveKiB: 0 } as const
    const limited = hosts.map((host) => ({ ...host, closed: host.name === 'b' }))
    expect(where(place(vms(2), limited, rules)).every((one) => !one.endsWith('@b'))).to.equal(true)
    expect(where(place(vms(1, { overrides: [{ name: 'w01', host: 'b' }] }), limited, rules))).to.deep.equal(['w01@b'])
  })

  it('gives no more virtual processors than are allowed', () => {
    const rules = { how: 'pack', reserveKiB: 0 } as const
    const busy = hosts.map((host) => ({ ...host, freeVcpus: 2 }))
    expect(where(place(vms(2, { vcpus: 2 }), busy, rules))).to.deep.equal(['w01@b', 'w02@a'])
    expect(() => place(vms(3, { vcpus: 2 }), busy, rules)).to.throw(/has processors for 0 more/)
  })

  it('refuses names that are paths, and duplicates', () => {
    for (const names of [['../x'], ['a', 'a'], ['a b']]) expect(() => wantedVms(vmsArgs.parse({ names }))).to.throw()
    expect(vms(2, { start: 9 }).map((v) => v.name)).to.deep.equal(['w09', 'w10'])
  })

  it('reads a journal, and not what is torn', () => {
    const good =
      '{"name":"a","uuid":"u","files":["/x",3,"y"],"cloudInit":1}\n{"name":"c","uuid":"v","files":[],"cloudInit":true,"ssh":true}'
    expect(parseJournal(`${good}\n{"name":"b"\n\n`)).to.deep.equal([
      { name: 'a', uuid: 'u', files: ['/x'], cloudInit: false, ssh: false },
      { name: 'c', uuid: 'v', files: [], cloudInit: true, ssh: true },
    ])
  })
})
