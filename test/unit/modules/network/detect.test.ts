import { expect } from 'chai'
import { type Configurators, chooseBackend } from '../../../../modules/network/bridge/detect.ts'
import { type NmFacts, noNetworkManager } from '../../../../modules/network/bridge/networkmanager/facts.ts'

const nothing: Configurators = {
  interfaces: ['br0', 'eth0'],
  made: [],
  netplan: false,
  networkd: false,
  networkdManages: [],
  ifupdown: false,
  ifupdownStanzas: [],
  ifcfg: false,
  ifcfgFiles: [],
  strangers: [],
}
const nm = (state: string): NmFacts => ({
  ...noNetworkManager,
  devices: [
    { name: 'lo', type: 'loopback', state: 'connected (externally)', uuid: '' },
    { name: 'eth0', type: 'ethernet', state, uuid: 'u' },
  ],
})

describe('bridge: what configures the network', () => {
  const table: [string, Partial<Configurators>, NmFacts, string][] = [
    ['EL 9, Fedora', {}, nm('connected'), 'NetworkManager'],
    [
      'EL 7 and 8 with NetworkManager over ifcfg files',
      { ifcfg: true, ifcfgFiles: ['eth0'] },
      nm('connected'),
      'NetworkManager',
    ],
    ['EL 7 and 8 with the network service', { ifcfg: true, ifcfgFiles: ['eth0'] }, noNetworkManager, 'ifcfg'],
    ['EL 8, NM_CONTROLLED=no', { ifcfg: true, ifcfgFiles: ['eth0'] }, nm('unmanaged'), 'ifcfg'],
    ['Ubuntu desktop: netplan leaves it to NetworkManager', { netplan: true }, nm('connected'), 'NetworkManager'],
    [
      'Ubuntu server: NetworkManager only for wireless',
      { netplan: true, networkd: true, networkdManages: ['eth0'] },
      nm('unmanaged'),
      'netplan',
    ],
    ['netplan, and networkd sees to it', { netplan: true, networkd: true }, nm('connected (externally)'), 'netplan'],
    ['Debian desktop with a stanza', { ifupdown: true, ifupdownStanzas: ['eth0'] }, nm('unmanaged'), 'ifupdown'],
    ['Debian desktop without one', { ifupdown: true }, nm('connected'), 'NetworkManager'],
    ['Debian server', { ifupdown: true, ifupdownStanzas: ['eth0'] }, noNetworkManager, 'ifupdown'],
    [
      'ifupdown beside a networkd that leaves the card alone',
      { networkd: true, ifupdown: true, ifupdownStanzas: ['eth0'] },
      noNetworkManager,
      'ifupdown',
    ],
    [
      'networkd beside an ifupdown without a stanza',
      { networkd: true, networkdManages: ['eth0'], ifupdown: true },
      noNetworkManager,
      'networkd',
    ],
    ['networkd alone, nothing set up yet', { networkd: true }, noNetworkManager, 'networkd'],
    ['a bridge by brctl, which nothing configures', {}, nm('connected (externally)'), 'NetworkManager'],
    ['a cable that is not in', {}, nm('unavailable'), 'NetworkManager'],
    [
      'made by networkd before NetworkManager took over',
      { made: ['networkd'], networkd: true },
      nm('connected'),
      'networkd',
    ],
    ['made by networkd that is gone', { made: ['networkd'] }, nm('connected'), 'NetworkManager'],
  ]
  for (const [what, found, facts, expected] of table)
    it(`${what}: ${expected}`, () => expect(chooseBackend({ ...nothing, ...found }, facts)).to.equal(expected))

  it('says so where nothing that is known does', () => {
    expect(() => chooseBackend(nothing, noNetworkManager)).to.throw(
      'nothing that we know configures the network of this host',
    )
    expect(() => chooseBackend({ ...nothing, strangers: ['wickedd'] }, noNetworkManager)).to.throw(
      'wickedd configures the network of this host',
    )
    expect(() => chooseBackend(nothing, nm('unmanaged'))).to.throw('NetworkManager leaves eth0 alone')
  })
})
