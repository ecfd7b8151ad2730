import { expect } from 'chai'
import { firewallArgs } from '../../../../../modules/network/firewall/args.ts'
import { firewalld, parseActiveZones, parseZone } from '../../../../../modules/network/firewall/firewalld.ts'

/** firewalld 1.3.3 */
const LISTED = `public (default, active)
  target: default
  icmp-block-inversion: no
  interfaces: enp1s0
  sources: 
  services: dhcpv6-client ssh
  ports: 8080-8090/tcp 2049/tcp 8091/tcp 123/udp
  protocols: 
  forward: yes
  masquerade: no
  forward-ports: 
  source-ports: 
  icmp-blocks: 
  rich rules: 
	rule family="ipv4" source address="10.0.0.0/24" port port="49152-49215" protocol="tcp" accept
	rule family="ipv4" source address="10.9.9.9" drop
`
const EMPTY = LISTED.replace(/ports: 80.*/, 'ports: ').replace(/\n\trule.*/g, '')
const openings = (input: object) => firewallArgs.parse(input).openings

describe('firewall: firewalld', () => {
  const [full, empty] = [parseZone(LISTED)!, parseZone(EMPTY)!]

  it('reads what a zone lets in, and nothing from an error', () => {
    expect(full.name).to.equal('public')
    const note = `You're performing an operation over default zone ('public'),
but your connections/interfaces are in zone 'internal' (see --get-active-zones)
You most likely need to use --zone=internal option.

`
    expect(parseZone(note + LISTED)).to.deep.equal(full)
    expect(parseZone(note)).to.equal(undefined)
    expect(full.ports).to.have.length(4)
    expect(full.richRules.size).to.equal(2)
    expect(empty).to.deep.equal({ name: 'public', ports: [], richRules: new Set() })
    expect(parseZone('public\n  ports: \n  rich rules: rule priority="1" accept')!.richRules.size).to.equal(1)
    for (const text of [
      '',
      'Error: INVALID_ZONE: nozone',
      'Authorization failed.\n  Make sure',
      'a; b\n  ports: 1/tcp',
    ])
      expect(parseZone(text)).to.equal(undefined)
  })

  const table: [asked: object, live: string, permanent: string, told: string[]][] = [
    [{ ports: '8080-8091' }, LISTED, LISTED, []],
    [{ ports: '8080-8092' }, LISTED, EMPTY, ['public 8080-8092/tcp', 'public permanent 8080-8092/tcp']],
    [{ ports: '2049' }, LISTED, EMPTY, ['public permanent 2049/tcp']],
    [{ ports: '123' }, LISTED, LISTED, ['public 123/tcp', 'public permanent 123/tcp']],
    [{ service: 'libvirt-migration', source: '10.0.0.7/24' }, LISTED, LISTED, []],
    [
      { service: 'libvirt-migration', source: '10.0.0.0/24' },
      EMPTY,
      LISTED,
      ['public 49152-49215/tcp from 10.0.0.0/24'],
    ],
    [{ ports: '2049', state: 'absent' }, LISTED, LISTED, ['public 2049/tcp', 'public permanent 2049/tcp']],
    [{ ports: '2050', state: 'absent' }, LISTED, LISTED, []],
    [{ ports: '2049', source: '10.0.0.0/24', state: 'absent' }, LISTED, LISTED, []],
  ]
  for (const [asked, live, permanent, told] of table)
    it(`tells what differs: ${JSON.stringify(asked)}`, () => {
      const { openings: all, state } = firewallArgs.parse(asked)
      const found = firewalld(parseZone(live)!, parseZone(permanent)!).changes(all, state)
      expect(found.map(({ path }) => path)).to.deep.equal(told.map((one) => `firewalld ${one}`))
    })

  it('sets what is kept first, takes all of it back where one step fails, and never reloads', () => {
    const { text } = firewalld(empty, empty).script(
      openings({ ports: 80, source: ['10.0.0.1', 'fd00::/8'] }),
      'present',
    )
    const rule = (family: string, address: string): string =>
      `rule family="${family}" source address="${address}" port port="80" protocol="tcp" accept`
    const lines = text.split('\n')
    expect(lines).to.have.length(4)
    expect(lines[0]).to.equal(
      `firewall-cmd -q --permanent --zone=public '--add-rich-rule=${rule('ipv4', '10.0.0.1')}' || { exit 1; }`,
    )
    expect(lines[2]).to.equal(
      `firewall-cmd -q  --zone=public '--add-rich-rule=${rule('ipv4', '10.0.0.1')}' || { ${[
        `firewall-cmd -q --permanent --zone=public '--remove-rich-rule=${rule('ipv6', 'fd00::/8')}'`,
        `firewall-cmd -q --permanent --zone=public '--remove-rich-rule=${rule('ipv4', '10.0.0.1')}'`,
        'exit 1',
      ].join('; ')}; }`,
    )
    expect(text).not.to.match(/reload|panic|flush/)
  })

  it('warns where the interfaces are in another zone', () => {
    const active = 'docker\n  interfaces: docker0\ninternal\n  interfaces: enp1s0\nlibvirt\n  interfaces: virbr0\n'
    expect(parseActiveZones(active)).to.deep.equal(['internal'])
    expect(parseActiveZones('public (default)\n  interfaces: eth0\n')).to.deep.equal(['public'])
    const warned = (elsewhere: string[]) => firewalld(empty, empty, elsewhere).warnings([], 'present')
    expect(warned([])).to.deep.equal([])
    expect(warned(['internal'])[0]).to.equal('the zone public has no interface; internal has: name one with zone')
  })
})
