import { expect } from 'chai'
import type { JsonObject } from '../../../../core/events/json.ts'
import { parseXml } from '../../../../core/libvirt/xml/element.ts'
import { ModuleFailure } from '../../../../core/module/types.ts'
import { declaredNetwork, networkArgs } from '../../../../modules/libvirt/network/declaration.ts'
import { diffNetwork } from '../../../../modules/libvirt/network/diff.ts'
import type { Network } from '../../../../modules/libvirt/network/probe.ts'
import { livePlan } from '../../../../modules/libvirt/network/update.ts'

const LIVE = parseXml(`<network connections='1'><name>n</name><uuid>u</uuid><forward mode='nat'/><bridge name='virbr0'/>
<dns><host ip='10.0.0.5'><hostname>five</hostname></host></dns>
<ip address='10.0.0.1' netmask='255.255.255.0'><dhcp><range start='10.0.0.10' end='10.0.0.20'/>
<host mac='52:54:00:00:00:01' name='one' ip='10.0.0.11'/><host name='two' ip='10.0.0.12'/></dhcp></ip>
<ip family='ipv6' address='fd00::1' prefix='64'/></network>`)
const NAT = { mode: 'nat', bridge: 'virbr0', address: '10.0.0.1/24' }
const args = (more: JsonObject) => networkArgs.parse({ name: 'n', ...more })

/** What is done to the running network: `command section parent xml`. */
function updates(more: JsonObject): string[] {
  const a = args(more)
  const declared = declaredNetwork(a, LIVE)
  const plan = declared && livePlan(declared, LIVE, a)
  return [
    ...(plan?.restart ?? []).map((one) => `restart ${one.path}`),
    ...(plan?.updates ?? []).map(
      ({ command, section, parentIndex, xml }) =>
        `${command} ${section} ${parentIndex} ${xml.replace(/>\s+</g, '><').replaceAll('"', "'").trim()}`,
    ),
  ]
}

describe('what is changed of a network that runs', () => {
  const one = "<host mac='52:54:00:00:00:01' name='one' ip='10.0.0.11'/>"
  const table: [string, JsonObject, string[]][] = [
    ['nothing', { ...NAT, dhcp_start: '10.0.0.10', dhcp_end: '10.0.0.20' }, []],
    ['nothing that a state alone says', {}, []],
    [
      'a host that is new, with no word on what the network is',
      { hosts: [{ mac: '52:54:00:00:00:09', ip: '10.0.0.19' }] },
      ["add-last ip-dhcp-host 0 <host mac='52:54:00:00:00:09' ip='10.0.0.19'/>"],
    ],
    [
      'the address of a host, which keeps its name',
      { hosts: [{ mac: '52:54:00:00:00:01', ip: '10.0.0.13' }] },
      ["modify ip-dhcp-host 0 <host mac='52:54:00:00:00:01' name='one' ip='10.0.0.13'/>"],
    ],
    [
      'a host that is to go',
      { hosts: [{ mac: '52:54:00:00:00:01', state: 'absent' }] },
      [`delete ip-dhcp-host 0 ${one}`],
    ],
    [
      'one that is to go by its name',
      { hosts: [{ name: 'two', state: 'absent' }] },
      ["delete ip-dhcp-host 0 <host name='two' ip='10.0.0.12'/>"],
    ],
    ['one that is gone', { hosts: [{ ip: '10.0.0.99', state: 'absent' }] }, []],
    [
      'the others, where the list is exact',
      { hosts: [{ mac: '52:54:00:00:00:01', ip: '10.0.0.11' }], exact: ['hosts'] },
      ["delete ip-dhcp-host 0 <host name='two' ip='10.0.0.12'/>"],
    ],
    [
      'a name more of an address',
      { dns_hosts: [{ ip: '10.0.0.5', names: ['also'] }] },
      [
        "delete dns-host 0 <host ip='10.0.0.5'><hostname>five</hostname></host>",
        "add-last dns-host 0 <host ip='10.0.0.5'><hostname>five</hostname><hostname>also</hostname></host>",
      ],
    ],
    ['all names', { exact: ['dns_hosts'] }, ["delete dns-host 0 <host ip='10.0.0.5'><hostname>five</hostname></host>"]],
    [
      'the end of the range',
      { dhcp_start: '10.0.0.10', dhcp_end: '10.0.0.30' },
      [
        "delete ip-dhcp-range 0 <range start='10.0.0.10' end='10.0.0.20'/>",
        "add-last ip-dhcp-range 0 <range start='10.0.0.10' end='10.0.0.30'/>",
      ],
    ],
    [
      'the range, of which there is one',
      { dhcp_start: '10.0.0.40', dhcp_end: '10.0.0.50' },
      [
        "delete ip-dhcp-range 0 <range start='10.0.0.10' end='10.0.0.20'/>",
        "add-last ip-dhcp-range 0 <range start='10.0.0.40' end='10.0.0.50'/>",
      ],
    ],
    [
      'DHCP where there was none, in the second of its addresses',
      { mode: 'nat', address: 'fd00::1/64', dhcp_start: 'fd00::10', dhcp_end: 'fd00::20' },
      ["add-last ip-dhcp-range 1 <range start='fd00::10' end='fd00::20'/>"],
    ],
    ['what only a restart changes', { ...NAT, mode: 'route' }, ['restart forward.mode']],
  ]
  for (const [what, more, expected] of table) it(what, () => expect(updates(more)).to.deep.equal(expected))
})

describe('libvirt_network', () => {
  const network: Network = { uuid: 'u', active: true, autostart: true, config: LIVE, live: LIVE, connections: 1 }
  const told = (more: JsonObject, value: Network | undefined = network) =>
    diffNetwork({ kind: 'answer', value }, args(more)).map((c) => `${c.path} ${String(c.after).slice(0, 20)}`)
  it('tells once what goes of both definitions', () => {
    expect(told({ hosts: [{ name: 'two', state: 'absent' }] })).to.deep.equal(['ip[10.0.0.1].dhcp.host[two] absent'])
  })
  it('refuses a restart under guests, and a network that nobody describes', () => {
    expect(() => told({ ...NAT, mode: 'route' })).to.throw(ModuleFailure, 'guests are connected')
    expect(() =>
      diffNetwork({ kind: 'answer', value: undefined }, args({ hosts: [{ name: 'x', ip: '10.0.0.2' }] })),
    ).to.throw(ModuleFailure, 'does not say what it is')
  })
  it('gives no addresses on a bridge of the host', () => {
    expect(() =>
      declaredNetwork(args({ mode: 'bridge', bridge: 'br0', dns_hosts: [{ ip: '1.1.1.1', names: ['x'] }] })),
    ).to.throw(ModuleFailure, 'gives no addresses')
  })
})
