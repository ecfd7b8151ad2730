import { expect } from 'chai'
import fc from 'fast-check'
import { firewallArgs } from '../../../../../modules/network/firewall/args.ts'
import { openingComment, openingText } from '../../../../../modules/network/firewall/opening.ts'
import { coverPorts, parsePorts, portText } from '../../../../../modules/network/firewall/ports.ts'
import { SERVICES } from '../../../../../modules/network/firewall/services.ts'
import { parseSource, within } from '../../../../../modules/network/firewall/source.ts'

describe('firewall: ports', () => {
  const table: [text: string, as: string | undefined][] = [
    ['22', '22/tcp'],
    ['2049/udp', '2049/udp'],
    ['49152-49215/tcp', '49152-49215/tcp'],
    ['49152:49215', '49152-49215/tcp'],
    ['80-80', '80/tcp'],
    ['0', undefined],
    ['65536', undefined],
    ['90-80', undefined],
    ['22/icmp', undefined],
    ['ssh', undefined],
    ['22; reboot', undefined],
    ['', undefined],
  ]
  for (const [text, as] of table)
    it(`reads '${text}'`, () => {
      const ports = parsePorts(text)
      expect(ports && portText(ports)).to.equal(as)
    })

  it('covers what every single port is covered of', () => {
    const span = fc.tuple(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 0, max: 5 }),
      fc.constantFrom('tcp', 'udp'),
    )
    const range = span.map(([first, more, protocol]) => ({ first, last: first + more, protocol }) as const)
    fc.assert(
      fc.property(fc.array(range), range, (ranges, wanted) => {
        const has = (port: number) =>
          ranges.some((one) => one.protocol === wanted.protocol && one.first <= port && one.last >= port)
        const all = Array.from({ length: wanted.last - wanted.first + 1 }, (_, i) => wanted.first + i)
        expect(coverPorts(ranges, wanted)).to.equal(all.every(has))
      }),
    )
  })

  it('has only services that it can read itself', () => {
    for (const all of Object.values(SERVICES)) for (const one of all) expect(portText(parsePorts(one)!)).to.equal(one)
  })
})

describe('firewall: sources', () => {
  const table: [text: string, as: string | undefined][] = [
    ['10.1.2.3', '10.1.2.3'],
    ['10.1.2.3/32', '10.1.2.3'],
    ['10.1.2.3/24', '10.1.2.0/24'],
    ['10.1.2.3/0', '0.0.0.0/0'],
    ['2001:DB8:0::1', '2001:db8::1'],
    ['2001:db8::1/64', '2001:db8::/64'],
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
    ['::/0', '::/0'],
    ['fd00::1%eth0', undefined],
    ['10.1.2.3/33', undefined],
    ['10.1.2', undefined],
    ['10.1.2.3/24/24', undefined],
    ['10.1.2.3/-1', undefined],
    ['hv1.example.org', undefined],
    ['10.0.0.0/8 accept', undefined],
  ]
  for (const [text, as] of table) it(`reads '${text}'`, () => expect(parseSource(text)?.text).to.equal(as))

  it('reads its own text as the same, whatever the network', () => {
    const four = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }))
    const six = fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 }))
    fc.assert(
      fc.property(fc.oneof(four, six), ([address, length]) => {
        const source = parseSource(`${address}/${length}`)!
        expect(parseSource(source.text)).to.deep.equal(source)
        expect(within(parseSource(address)!, source)).to.equal('yes')
        expect(source.last - source.first + 1n).to.equal(1n << BigInt((source.family === 4 ? 32 : 128) - length))
      }),
    )
  })

  it('tells how networks lie to one another', () => {
    const lies = (one: string, other: string) => within(parseSource(one)!, parseSource(other)!)
    expect([
      lies('10.1.0.0/16', '10.0.0.0/8'),
      lies('10.0.0.0/8', '10.1.0.0/16'),
      lies('10.0.0.0/8', '11.0.0.0/8'),
    ]).to.deep.equal(['yes', 'partly', 'no'])
  })
})

describe('firewall: arguments', () => {
  const texts = (input: object) => firewallArgs.parse(input).openings.map(openingText)

  it('opens every port of every service to every source, each once', () => {
    expect(texts({ service: 'vnc,spice', port: '2049' })).to.deep.equal(['5900-5999/tcp', '2049/tcp'])
    expect(texts({ service: ['mountd'], source: '10.0.0.5/24,10.0.0.0/24,fd00::1' })).to.deep.equal([
      '20048/tcp from 10.0.0.0/24',
      '20048/tcp from fd00::1',
      '20048/udp from 10.0.0.0/24',
      '20048/udp from fd00::1',
    ])
    expect(firewallArgs.parse({ service: 'nfs', ports: 8080 }).openings.map(openingComment)).to.deep.equal([
      'virtfleet: nfs',
      'virtfleet',
    ])
  })

  const refused: [object, RegExp][] = [
    [{}, /name at least one/],
    [{ ports: '22/icmp' }, /port or a range/],
    [{ service: 'telnet' }, /libvirt-migration/],
    [{ ports: 22, source: 'hv1' }, /an address or a network/],
    [{ ports: 22, zone: 'libvirt' }, /belong to libvirt/],
    [{ ports: 22, zone: 'a b' }, /name of a zone/],
    [{ ports: 22, zone: 'public', backend: 'ufw' }, /only firewalld has zones/],
  ]
  for (const [input, message] of refused)
    it(`refuses ${JSON.stringify(input)}`, () => expect(() => firewallArgs.parse(input)).to.throw(message))
})
