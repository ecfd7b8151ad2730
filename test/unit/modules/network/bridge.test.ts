import { expect } from 'chai'
import fc from 'fast-check'
import { ifupdown } from '../../../../modules/network/bridge/ifupdown.ts'
import { liveChanges } from '../../../../modules/network/bridge/live.ts'
import { netplan } from '../../../../modules/network/bridge/netplan.ts'
import { release, setAside } from '../../../../modules/network/bridge/netplan-ports.ts'
import { networkd } from '../../../../modules/network/bridge/networkd.ts'
import type { BridgeState } from '../../../../modules/network/bridge/probe.ts'
import { bridgeArgs } from '../../../../modules/network/bridge/spec.ts'
import bridge from '../../../../modules/network/bridge.ts'

const spec = (input: object) => bridgeArgs.parse({ name: 'br0', ports: 'eth0', ...input })
const MAIN = '/etc/network/interfaces'
const INTERFACES = `# the host
auto lo
iface lo inet loopback

auto eth0
iface eth0 inet static
  address 192.0.2.1/24
  # a note
  gateway 192.0.2.254

auto eth1
iface eth1 inet dhcp
`

describe('bridge: configuration files', () => {
  it('ifupdown: sets the stanzas of ports aside, and gives back the very same text', () => {
    const made = ifupdown.files(
      spec({ addresses: '192.0.2.1/24', gateway4: '192.0.2.254' }),
      new Map([[MAIN, INTERFACES]]),
    )
    const main = made.get(MAIN)!
    expect(main.split('\n').filter((line) => line.startsWith('#virtfleet-bridge br0# '))).to.have.length(4)
    expect(main).to.match(/^auto eth1$/m)
    const again = ifupdown.files(spec({ addresses: '192.0.2.1/24', gateway4: '192.0.2.254' }), made)
    expect([...again]).to.deep.equal([...made])
    const back = ifupdown.files(spec({ state: 'absent' }), made)
    expect(back.get(MAIN)).to.equal(`${INTERFACES}\nsource /etc/network/interfaces.d/*\n`)
    expect(back.get('/etc/network/interfaces.d/virtfleet-br0')).to.equal(undefined)
  })

  it('ifupdown: two bridges do not give back one another’s ports', () => {
    const first = ifupdown.files(spec({}), new Map([[MAIN, INTERFACES]]))
    const both = ifupdown.files(spec({ name: 'br1', ports: 'eth1' }), first)
    const one = ifupdown.files(spec({ name: 'br1', ports: 'eth1', state: 'absent' }), both)
    expect(one.get(MAIN)).to.equal(first.get(MAIN))
  })

  it('networkd: three files, and none for ports that there are not', () => {
    const files = networkd.files(
      spec({ addresses: ['192.0.2.1/24', '2001:DB8:0::1/64'], mtu: 9000, stp: true }),
      new Map(),
    )
    expect(files.get('/etc/systemd/network/05-virtfleet-br0.netdev')).to.match(
      /MTUBytes=9000\n\n\[Bridge\]\nSTP=yes\nForwardDelaySec=15\n$/,
    )
    expect(files.get('/etc/systemd/network/05-virtfleet-br0.network')).to.match(
      /\nAddress=192.0.2.1\/24\nAddress=2001:db8::1\/64\n$/,
    )
    expect(files.get('/etc/systemd/network/05-virtfleet-br0-ports.network')).to.match(
      /Name=eth0\n\n\[Link\]\nMTUBytes=9000\n\n\[Network\]\nBridge=br0\n$/,
    )
    expect(
      networkd.files(spec({ ports: [] }), new Map()).get('/etc/systemd/network/05-virtfleet-br0-ports.network'),
    ).to.equal(undefined)
  })

  const PLAN = `network:
  version: 2
  ethernets:
    eth0:
      match:
        macaddress: 52:54:00:00:00:01
      addresses:
      - 192.0.2.1/24

      routes:
        - to: default
          via: 192.0.2.254
    eth1:
      addresses: [198.51.100.1/24]
  bridges: {}
`
  it('netplan: sets addresses of ports aside wherever they stand, and keeps the rest', () => {
    const aside = setAside(PLAN, 'x.yaml', ['eth0'], 'br0')
    const kept = aside.split('\n').filter((line) => !line.startsWith('#virtfleet'))
    expect(kept.join('\n')).to.equal(
      PLAN.replace(/ {6}addresses:\n {6}- .*\n\n {6}routes:\n.*\n.*\n/, '\n').replace(/\n\n\n/, '\n'),
    )
    expect(release(aside, 'br0')).to.equal(PLAN)
  })
  it('netplan: leaves no empty mapping behind', () => {
    const both = setAside(PLAN.replace(/ {6}match:\n.*\n/, ''), 'x.yaml', ['eth0', 'eth1'], 'br0')
    expect(both.split('\n').filter((line) => !line.startsWith('#virtfleet') && line.trim() !== '')).to.deep.equal([
      'network:',
      '  version: 2',
      '  bridges: {}',
    ])
  })
  it('netplan: refuses what it cannot set aside line by line', () => {
    expect(() =>
      setAside('network:\n  ethernets:\n    eth0: {addresses: [192.0.2.1/24]}\n', 'x.yaml', ['eth0'], 'br0'),
    ).to.throw('x.yaml has all of eth0 on one line')
  })
  it('netplan: what was set aside comes back, whatever the ports', () => {
    fc.assert(
      fc.property(
        fc.subarray(['eth0', 'eth1', 'eth2']),
        (ports) => release(setAside(PLAN, 'x', ports, 'b'), 'b') === PLAN,
      ),
    )
  })
  it('netplan: its own file and the others', () => {
    const files = netplan.files(
      spec({ addresses: '192.0.2.1/24', gateway4: '192.0.2.254', mtu: 9000 }),
      new Map([['/etc/netplan/01.yaml', PLAN]]),
    )
    expect([...files.keys()]).to.deep.equal(['/etc/netplan/01.yaml', '/etc/netplan/90-virtfleet-br0.yaml'])
    expect(files.get('/etc/netplan/90-virtfleet-br0.yaml')).to.include('routes: [{"to":"default","via":"192.0.2.254"}]')
    expect(netplan.files(spec({ state: 'absent' }), files).get('/etc/netplan/01.yaml')).to.equal(PLAN)
  })
})

describe('bridge: differences', () => {
  const link = {
    ifname: 'br0',
    mtu: 1500,
    address: '52:54:00:00:00:01',
    flags: ['UP'],
    linkinfo: { info_kind: 'bridge', info_data: { stp_state: 0, forward_delay: 1500 } },
  }
  const state = (more: Partial<BridgeState> = {}): BridgeState => ({
    backend: networkd,
    files: networkd.files(spec({ addresses: '192.0.2.1/24' }), new Map()),
    link,
    ports: ['eth0'],
    guestPorts: [],
    addresses: ['192.0.2.1/24'],
    portAddresses: [],
    masters: new Map([['eth0', 'br0']]),
    names: ['lo', 'eth0', 'br0'],
    gateway: undefined,
    ...more,
  })
  const table: [string, object, Partial<BridgeState>, string[]][] = [
    ['as declared', { addresses: '192.0.2.1/24' }, {}, []],
    ['not there', {}, { link: undefined, ports: [], masters: new Map() }, ['br0']],
    ['another mtu and mac', { mtu: 9000, mac: '52:54:00:00:00:02' }, {}, ['br0 mtu', 'br0 mac']],
    ['spanning tree', { stp: true, forward_delay: 4 }, {}, ['br0 stp', 'br0 forward delay']],
    ['a port that is missing', { ports: 'eth0,lo' }, {}, ['br0 port lo']],
    ['a port that is too much', { ports: [] }, {}, ['br0 port eth0']],
    ['an address on the port', {}, { portAddresses: [{ port: 'eth0', address: '192.0.2.1/24' }] }, ['eth0 address']],
    ['no gateway yet', { gateway4: '192.0.2.254' }, {}, ['br0 gateway']],
    ['to be removed', { state: 'absent' }, {}, ['br0']],
    ['to be removed and gone', { state: 'absent' }, { link: undefined }, []],
  ]
  for (const [what, input, more, expected] of table)
    it(what, () => expect(liveChanges(state(more), spec(input)).map((one) => one.path)).to.deep.equal(expected))

  it('refuses what cannot be', () => {
    expect(() => liveChanges(state(), spec({ ports: 'eth7' }))).to.throw('the host has no interface eth7')
    expect(() => liveChanges(state({ masters: new Map([['eth0', 'bond0']]) }), spec({}))).to.throw(
      'eth0 already belongs to bond0',
    )
    expect(() => liveChanges(state({ link: { ...link, linkinfo: {} } }), spec({}))).to.throw(
      'br0 exists and is no bridge',
    )
  })
  it('refuses to disturb guests, unless allowed, and only when something would change', () => {
    const guests = state({ guestPorts: ['vnet0'] })
    expect(bridge.diff(guests, spec({ addresses: '192.0.2.1/24' }))).to.deep.equal([])
    expect(() => bridge.diff(guests, spec({ mtu: 9000 }))).to.throw('1 guest port(s) hang on br0: vnet0')
    expect(bridge.diff(guests, spec({ mtu: 9000, allow_disruption: true }))).not.to.deep.equal([])
  })
  it('checks its arguments', () => {
    for (const bad of [
      { name: '../x' },
      { name: 'a'.repeat(16) },
      { addresses: '192.0.2.1' },
      { addresses: '1.2.3.256/24' },
      { ports: 'br0' },
      { timeout: 5 },
      { dhcp4: true, gateway4: '192.0.2.1' },
      { gateway4: '192.0.2.1/24' },
      { stp: true, forward_delay: 1 },
    ])
      expect(bridgeArgs.safeParse({ name: 'br0', ports: 'eth0', ...bad }).success, JSON.stringify(bad)).to.equal(false)
  })
})
