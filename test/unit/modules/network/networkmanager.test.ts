import { expect } from 'chai'
import { networkManager } from '../../../../modules/network/bridge/networkmanager/backend.ts'
import { keyfileValue, linkSections } from '../../../../modules/network/bridge/networkmanager/keyfile.ts'
import { bridgeUuid, portUuid } from '../../../../modules/network/bridge/networkmanager/profiles.ts'
import { bridgeArgs } from '../../../../modules/network/bridge/spec.ts'
import { at, BOND, bond, CARD, card, host, installed } from './profiles.ts'

const spec = (input: object) => bridgeArgs.parse({ name: 'br0', ports: 'eth0', ...input })
describe('bridge: NetworkManager', () => {
  it('gives a card a second profile, which keeps what is said of the card, and leaves its own alone', () => {
    const { facts, current } = host({ eth0: card })
    const files = networkManager(facts).files(
      spec({
        addresses: ['192.0.2.1/24', '192.0.2.2/24', '2001:DB8::1/64'],
        gateway4: '192.0.2.254',
        nameservers: ['192.0.2.53', '2001:db8::53', '8.8.8.8'],
        stp: true,
        mac: '52:54:00:00:00:09',
      }),
      current,
    )
    expect(Object.fromEntries(files)).to.deep.equal({
      [at('virtfleet-br0+eth0')]: `# Managed by virtfleet: module bridge.
[connection]
id=virtfleet-br0+eth0
uuid=${portUuid('br0', 'eth0')}
type=ethernet
interface-name=eth0
master=${bridgeUuid('br0')}
slave-type=bridge
autoconnect-priority=999

[ethernet]
mtu=9000
wake-on-lan=64
`,
      [at('virtfleet-br0')]: `# Managed by virtfleet: module bridge.
[connection]
id=virtfleet-br0
uuid=${bridgeUuid('br0')}
type=bridge
interface-name=br0
autoconnect-priority=999
autoconnect-slaves=1

[bridge]
stp=true
forward-delay=15

[ethernet]
cloned-mac-address=52:54:00:00:00:09

[ipv4]
method=manual
address1=192.0.2.1/24
address2=192.0.2.2/24
gateway=192.0.2.254
dns=192.0.2.53;8.8.8.8;

[ipv6]
method=auto
address1=2001:db8::1/64
dns=2001:db8::53;
`,
    })
  })

  it('says each kind of address', () => {
    const table: [object, string, string][] = [
      [{}, 'disabled', 'ignore'],
      [{ dhcp4: true }, 'auto', 'auto'],
      [{ addresses: '192.0.2.1/24' }, 'manual', 'auto'],
      [{ addresses: '2001:db8::1/64' }, 'disabled', 'manual'],
      [{ dhcp4: true, addresses: '2001:db8::1/64' }, 'auto', 'auto'],
    ]
    for (const [input, four, six] of table) {
      const text = networkManager(host({ eth0: card }).facts)
        .files(spec(input), new Map())
        .get(at('virtfleet-br0'))!
      const methods = ['ipv4', 'ipv6'].map((section) => keyfileValue(text, section, 'method'))
      expect(methods, JSON.stringify(input)).to.deep.equal([four, six])
    }
    expect(() => networkManager(host({}).facts).files(spec({ gateway4: '192.0.2.1' }), new Map())).to.throw(
      'NetworkManager takes gateway4 only beside an IPv4 address',
    )
  })

  it('puts the mtu in place of the card’s own', () => {
    const { facts, current } = host({ eth0: card })
    const text = networkManager(facts)
      .files(spec({ mtu: 1600 }), current)
      .get(at('virtfleet-br0+eth0'))!
    expect(linkSections(text)).to.equal('[ethernet]\nmtu=1600\nwake-on-lan=64')
  })

  it('makes a bond a port in its own profile, and gives it back as it was', () => {
    const one = host({ bond0: bond, eth0: card })
    const wish = spec({ ports: 'bond0' })
    const made = networkManager(one.facts).files(wish, one.current)
    const text = made.get(at('bond0'))!
    expect(text).to.equal(`[connection]
master=${bridgeUuid('br0')}
slave-type=bridge
id=bond0
uuid=b0000000-0000-4000-8000-000000000000
type=bond
interface-name=bond0

[bond]
mode=802.3ad
`)
    const two = installed(one.facts, one.current, made)
    expect(Object.fromEntries(networkManager(two.facts).files(wish, two.current))).to.deep.equal(
      Object.fromEntries(made),
    )
    for (const gone of [spec({ ports: [], state: 'absent' }), spec({ ports: 'eth0' })]) {
      const three = installed(two.facts, two.current, networkManager(two.facts).files(gone, two.current))
      expect(three.current.get(at('bond0'))).to.equal(BOND)
      expect([...three.current.keys()].filter((path) => path.includes('aside'))).to.deep.equal([])
    }
  })

  it('forgets a bond whose profile somebody deleted', () => {
    const one = host({ bond0: bond })
    const two = installed(
      one.facts,
      one.current,
      networkManager(one.facts).files(spec({ ports: 'bond0' }), one.current),
    )
    const gone = networkManager({ ...two.facts, profiles: [] }).files(spec({ ports: [], state: 'absent' }), two.current)
    expect([...gone]).to.deep.equal([
      ['/var/lib/virtfleet/network-aside/br0+bond0', undefined],
      [at('virtfleet-br0'), undefined],
    ])
  })

  it('gives a bond the mtu of the bridge while it is a port', () => {
    const one = host({ bond0: bond })
    const wish = spec({ ports: 'bond0', mtu: 9000 })
    const made = networkManager(one.facts).files(wish, one.current)
    expect(made.get(at('bond0'))).to.match(/\nmode=802.3ad\n\n\[ethernet\]\nmtu=9000\n$/)
    const two = installed(one.facts, one.current, made)
    expect(networkManager(two.facts).files(wish, two.current).get(at('bond0'))).to.equal(made.get(at('bond0')))
    const gone = networkManager(two.facts).files(spec({ ports: [], state: 'absent' }), two.current)
    expect(gone.get(at('bond0'))).to.equal(BOND)
  })

  it('removes what others made the bridge with, but nothing that it could not give back', () => {
    const bridge = `[connection]\nid=br0\nuuid=f0000000-0000-4000-8000-000000000000\ntype=bridge\ninterface-name=br0\n`
    const port = `[connection]\nid=p\nuuid=f1\ntype=ethernet\nmaster=f0000000-0000-4000-8000-000000000000\nslave-type=bridge\n`
    const gone = spec({ ports: [], state: 'absent' })
    const cards = host({
      br0: { text: bridge, type: 'bridge' },
      eth1: { text: port, type: '802-3-ethernet' },
      eth0: card,
    })
    expect([...networkManager(cards.facts).files(gone, cards.current).keys()]).to.deep.equal([
      at('br0'),
      at('eth1'),
      at('virtfleet-br0'),
    ])
    const bonds = host({ br0: { text: bridge, type: 'bridge' }, bond0: { text: port, type: 'bond' } })
    expect(() => networkManager(bonds.facts).files(gone, bonds.current)).to.throw(
      'makes a bond a port of br0, and is not ours',
    )
  })

  it('refuses what it cannot do', () => {
    const table: [Parameters<typeof host>[0], object, string][] = [
      [{ eth0: { ...card, state: 'unmanaged' } }, {}, 'NetworkManager does not manage eth0'],
      [{ eth0: { ...card, text: `${CARD}\n[802-1x]\npassword=x\n` } }, {}, 'holds credentials of eth0'],
      [
        { bond0: { ...bond, file: '/run/NetworkManager/system-connections/netplan-bond0.nmconnection' } },
        { ports: 'bond0' },
        'bond0 has no profile in /etc/NetworkManager that could become a port’s, but /run/',
      ],
      [
        {
          br0: { text: BOND, type: 'bridge', file: '/run/NetworkManager/system-connections/netplan-br0.nmconnection' },
        },
        { ports: [], state: 'absent' },
        'netplan makes br0, by /run/',
      ],
    ]
    for (const [profiles, input, message] of table) {
      const { facts, current } = host(profiles)
      expect(() => networkManager(facts).files(spec(input), current)).to.throw(message.replace('’', "'"))
    }
  })

  it('tells which profiles should be active and are not', () => {
    const { facts } = host({ br0: { text: BOND, type: 'bridge' }, eth0: card })
    expect(
      networkManager(facts)
        .drift?.(spec({}))
        .map(({ path }) => path),
    ).to.deep.equal(['br0 profile', 'eth0 profile'])
  })
})
