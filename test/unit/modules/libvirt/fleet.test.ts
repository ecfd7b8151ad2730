import { expect } from 'chai'
import { fleetMac } from '../../../../core/libvirt/identity/mac.ts'
import type { DomainSummary } from '../../../../core/libvirt/types.ts'
import { readDomain } from '../../../../core/libvirt/xml/domain.ts'
import { formatXml, parseXml } from '../../../../core/libvirt/xml/element.ts'
import { decide } from '../../../../modules/libvirt/migrate/outcome.ts'
import { older } from '../../../../modules/libvirt/migrate/preflight.ts'
import { vmsArgs } from '../../../../modules/libvirt/vms/args.ts'
import { missingDisks, withActualImages } from '../../../../modules/libvirt/vms/images.ts'
import { parseJournal } from '../../../../modules/libvirt/vms/journal.ts'
import { presentMacs } from '../../../../modules/libvirt/vms/macs.ts'
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
    wantedVms(vmsArgs.parse({ count: 3, pattern: 'w%02d', cloud_init: {}, ...extra })).map(
      (vm) => vm.interfaces[0]?.address?.cidr,
    )

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
    [{ address: '192.0.2.1/24', interfaces: [{ address: '192.0.2.9/24' }] }, /the task gives it two/],
    [{ address: '192.0.2.1/24', interfaces: [] }, /the task gives it none/],
    [{ bridge: 'br0', interfaces: [{}] }, /interfaces excludes network and bridge: the task has both/],
    [{ overrides: [{ name: 'w02', network: 'n', interfaces: [{}] }] }, /the override of 'w02' has both/],
    [{ interfaces: [{ address: '192.0.2.1/24' }, { address: '192.0.2.2/24' }] }, /of 'w01' and of 'w02'/],
    [{ interfaces: [{ address: '192.0.2.1/24', gateway: 'x' }] }, /gateway: 'x' is not an address/],
  ]
  for (const [extra, message] of wrong)
    it(`refuses ${JSON.stringify(extra)}`, () => expect(() => addressesOf(extra)).to.throw(message))
})

describe('disks and interfaces of each VM', () => {
  const of = (extra: object) => wantedVms(vmsArgs.parse({ names: ['a', 'b'], path: '/i/', ...extra }))
  const shown = (extra: object) =>
    of(extra).map(({ disks }) =>
      disks.map(({ target, file, base, size }) => [
        target,
        file,
        base?.file ?? '',
        base?.format ?? '',
        String(size ?? ''),
      ]),
    )

  it('are one each, unless the task says more', () => {
    expect(shown({ base: '/b.img', base_format: 'raw', disk_size: '1GiB' })).to.deep.equal([
      [['vda', '/i/a.qcow2', '/b.img', 'raw', '1073741824']],
      [['vda', '/i/b.qcow2', '/b.img', 'raw', '1073741824']],
    ])
    expect(of({}).map(({ interfaces }) => interfaces)).to.deep.equal([
      [{ network: 'default' }],
      [{ network: 'default' }],
    ])
  })

  it('are those of the list, of which the first is on top of the base; a VM may have others', () => {
    const disks = [{}, { size: '2KiB', path: '/fast' }, { base: '/tools.img' }]
    const overrides = [{ name: 'b', base: '/c.img', disks: [{ size: '3KiB' }] }]
    expect(shown({ base: '/b.img', disk_size: '1KiB', disks, overrides })).to.deep.equal([
      [
        ['vda', '/i/a.qcow2', '/b.img', 'qcow2', '1024'],
        ['vdb', '/fast/a-vdb.qcow2', '', '', '2048'],
        ['vdc', '/i/a-vdc.qcow2', '/tools.img', 'qcow2', ''],
      ],
      [['vda', '/i/b.qcow2', '/c.img', 'qcow2', '3072']],
    ])
    const interfaces = [{ bridge: 'br0' }, { network: 'n', model: 'e1000' }]
    expect(of({ interfaces, overrides: [{ name: 'b', network: 'm' }] }).map((vm) => vm.interfaces)).to.deep.equal([
      [{ bridge: 'br0' }, { network: 'n', model: 'e1000' }],
      [{ network: 'm' }],
    ])
  })

  it('are first what one VM says of its own, then what the list says, then what stands beside it', () => {
    const disks = [{ size: '2KiB', base: '/l.img' }]
    const b = (own: object) =>
      shown({ base: '/b.img', base_format: 'raw', disk_size: '1KiB', disks, overrides: [{ name: 'b', ...own }] })[1]
    expect(b({})).to.deep.equal([['vda', '/i/b.qcow2', '/l.img', 'qcow2', '2048']])
    expect(b({ disk_size: '4KiB', base: '/c.img' })).to.deep.equal([['vda', '/i/b.qcow2', '/c.img', 'qcow2', '4096']])
    expect(b({ disk_size: '4KiB', disks: [{}] })).to.deep.equal([['vda', '/i/b.qcow2', '/b.img', 'raw', '4096']])
  })

  it('have whole sectors', () => {
    expect(of({ disk_size: '100MB' })[0]?.disks[0]?.size).to.equal(100_000_256n)
  })

  const wrong: [object, RegExp][] = [
    [{ path: '/i/a\nb' }, /cannot be a path of a disk/],
    [{ base: '/i/a\u0000b' }, /cannot be a path of a disk/],
    [{ disks: [{ path: '/i/\tb' }] }, /cannot be a path of a disk/],
    [{ memory: '1KiB' }, /memory '1KiB' is not a size/],
    [{ vcpus: 0 }, /'a' would have 0 processors/],
    [{ network: 'n', bridge: 'b' }, /network and bridge exclude one another: the task has both/],
    [{ interfaces: [{}, { network: 'n', bridge: 'b' }] }, /interface 2 of the task has both/],
    [{ interfaces: Array.from({ length: 33 }, () => ({})) }, /33 interfaces: more than 32/],
    [{ overrides: [{ name: 'a' }, { name: 'a' }] }, /overrides name 'a' twice/],
    [{ names: undefined, count: 5_000_000_000, pattern: 'a%d' }, /count 5000000000 is none of 0 to 10000/],
    [{ names: undefined, count: 1, pattern: 'a%0999999999d' }, /needs one number/],
    [{ cloud_init: {}, address: 'fe80::1%eth0/64' }, /is not an address with prefix/],
    [{ cloud_init: {}, address: '192.0.2.5/24/x' }, /is not an address with prefix/],
    [{ memory_ratio: 0 }, /memory_ratio 0 leaves no memory/],
  ]
  for (const [extra, message] of wrong)
    it(`refuse ${JSON.stringify(extra).slice(0, 60)}`, () => expect(() => of(extra)).to.throw(message))

  it('have models of interfaces that are words', () => {
    expect(() => of({ interfaces: [{ model: "virtio'/></interface>" }] })).to.throw(/is no model of an interface/)
  })

  it('have addresses that count on, each with its gateway', () => {
    const interfaces = [
      { address: '192.0.2.1/24' },
      { network: 'n', address: '198.51.100.1/24', gateway: '198.51.100.9' },
    ]
    const found = of({ interfaces, cloud_init: {}, gateway: '192.0.2.9' }).map((vm) =>
      vm.interfaces.map(({ address }) => `${address?.cidr} ${address?.gateway}`),
    )
    expect(found).to.deep.equal([
      ['192.0.2.1/24 192.0.2.9', '198.51.100.1/24 198.51.100.9'],
      ['192.0.2.2/24 192.0.2.9', '198.51.100.2/24 198.51.100.9'],
    ])
  })

  it('are no file of two VMs', () => {
    const twice = () => of({ names: ['a', 'a-vdb'], disks: [{}, {}] })
    expect(twice).to.throw("/i/a-vdb.qcow2 would be a disk of 'a' and of 'a-vdb'")
    expect(() => of({ disks: Array.from({ length: 27 }, () => ({})) })).to.throw('more than vdz')
  })

  it('leave template, seed and autostart to the task, unless a VM has its own', () => {
    const overrides = [{ name: 'b', template: 't.njk', cloud_init: {}, autostart: false }]
    const seen = of({ autostart: true, overrides }).map(({ template, seed, autostart }) => [template, seed, autostart])
    expect(seen).to.deep.equal([
      ['domain.xml.njk', undefined, true],
      ['t.njk', '/i/b-seed.iso', false],
    ])
  })
})

describe('MACs of a VM that is there', () => {
  const [vm] = wantedVms(vmsArgs.parse({ names: ['a'], interfaces: [{}, {}] }))
  const [first, second, other] = [fleetMac('f', 'a', 0), fleetMac('f', 'a', 1), '52:54:00:00:00:01']
  const macs = (there: string[], others: string[] = []) =>
    presentMacs('f', vm!, { nics: there.map((mac) => ({ mac, type: 'network', source: 'n' })) }, () => others)

  it('are found wherever they stand, and no stranger is taken for one', () => {
    expect(macs([second, other, first])).to.deep.equal([first, second])
    expect(macs([first, other])).to.deep.equal([first, second])
    expect(macs([other])).to.deep.equal([other, second])
  })

  it('are such that no other machine has, where they are new', () => {
    const rehashed = fleetMac('f', 'a', 1, new Set([second]))
    expect(macs([first], [second])).to.deep.equal([first, rehashed])
    expect(macs([first, rehashed])).to.deep.equal([first, rehashed])
  })
})

describe('a disk of a machine', () => {
  const xml = (...files: string[]) =>
    parseXml(
      `<domain><devices>${files.map((file, i) => `<disk type='file' device='disk'><driver type='qcow2'/><source file='${file}'/><target dev='vd${'ab'[i]}'/></disk>`).join('')}</devices></domain>`,
    )
  const [vm] = wantedVms(vmsArgs.parse({ names: ['a'], path: '/i', disks: [{}, {}] }))
  const declared = xml('/i/a.qcow2', '/i/a-vdb.qcow2')
  const sources = (e: ReturnType<typeof xml>) => readDomain(e).disks.map(({ source }) => source)

  it('that is on a snapshot stays there', () => {
    const config = xml('/i/a.snap', '/i/a-vdb.qcow2')
    const { element, replaced } = withActualImages(declared, config, vm!)
    expect(sources(element)).to.deep.equal(['/i/a-vdb.qcow2'])
    expect(replaced).to.deep.equal([{ target: 'vda', file: '/i/a.qcow2', actual: '/i/a.snap' }])
    expect(missingDisks(element, config, vm!)).to.deep.equal([])
  })

  it('that is in another place is not attached twice, neither it nor what stands on it', () => {
    const moved = parseXml(
      formatXml(xml('/i/a.qcow2', '/i/a-vdb.qcow2'))
        .replace("dev='vdb'", "dev='vdc'")
        .replace('dev="vdb"', 'dev="vdc"'),
    )
    const found = withActualImages(declared, moved, vm!)
    expect([sources(found.element), found.replaced]).to.deep.equal([['/i/a.qcow2'], []])
    expect(missingDisks(declared, moved, vm!)).to.deep.equal([])
    const onTop = parseXml(
      "<domain><devices><disk type='file'><source file='/i/x.snap'/><backingStore type='file'><source file='/i/a-vdb.qcow2'/></backingStore><target dev='sdb'/></disk></devices></domain>",
    )
    const chained = withActualImages(declared, onTop, vm!)
    expect(chained.replaced).to.deep.equal([{ target: 'sdb', file: '/i/a-vdb.qcow2', actual: '/i/x.snap' }])
    expect(missingDisks(declared, onTop, vm!).map(({ target }) => target)).to.deep.equal(['vda'])
  })

  it('that it does not have yet is missing', () => {
    const { element, replaced } = withActualImages(declared, xml('/i/a.qcow2'), vm!)
    expect(replaced).to.deep.equal([])
    expect(missingDisks(element, xml('/i/a.qcow2'), vm!).map(({ target }) => target)).to.deep.equal(['vdb'])
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
    const busy = hosts.map((host) => ({ ...host, processors: { own: 1, given: 0, ratio: 2 } }))
    expect(where(place(vms(2, { vcpus: 2 }), busy, rules))).to.deep.equal(['w01@b', 'w02@a'])
    expect(() => place(vms(3, { vcpus: 2 }), busy, rules)).to.throw(/has processors for 0 more/)
  })

  it('takes of hosts with about the same memory the one that is the least busy', () => {
    const rules = { how: 'spread', reserveKiB: 0 } as const
    const [a, b] = hosts
    const on = (host: typeof a, own: number, given: number) => ({
      ...host!,
      processors: { own, given, ratio: undefined },
    })
    // 4 and 3 GiB differ by less than the 2 GiB of a VM.
    const large = { memory: '2GiB' }
    expect(where(place(vms(1, large), [on(a, 2, 4), on(b, 2, 1)], rules))).to.deep.equal(['w01@b'])
    expect(where(place(vms(1, large), [on(a, 8, 4), on(b, 1, 1)], rules))).to.deep.equal(['w01@a'])
    expect(where(place(vms(1), [on(a, 2, 4), on(b, 2, 1)], rules))).to.deep.equal(['w01@a'])
    expect(place(vms(1, large), [on(a, 2, 4), on(b, 2, 1)], rules).get('w01')?.why).to.equal(
      'on b: spread over 2 hosts, 3072 MiB free, 1 virtual on 2 processors there',
    )
  })

  it('puts nothing where its base image is not', () => {
    const rules = { how: 'spread', reserveKiB: 0 } as const
    const [a, b] = hosts
    const poor = [{ ...a!, lacks: new Set(['/i/13.qcow2']) }, b!]
    const task = { base: '/i/12.qcow2', overrides: [{ name: 'w02', base: '/i/13.qcow2' }] }
    expect(where(place(vms(3, task), poor, rules))).to.deep.equal(['w01@a', 'w02@b', 'w03@a'])
    expect(() => place(vms(2, task), [poor[0]!], rules)).to.throw(/w02 \(1024 MiB: a has no \/i\/13\.qcow2\)/)
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
