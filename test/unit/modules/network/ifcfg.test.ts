import { expect } from 'chai'
import fc from 'fast-check'
import { ifcfg } from '../../../../modules/network/bridge/ifcfg/backend.ts'
import { ifcfgValue, release, setAside } from '../../../../modules/network/bridge/ifcfg/file.ts'
import { bridgeArgs } from '../../../../modules/network/bridge/spec.ts'

const spec = (input: object) => bridgeArgs.parse({ name: 'br0', ports: 'eth0', ...input })
const at = (name: string) => `/etc/sysconfig/network-scripts/ifcfg-${name}`
const ETH0 = `DEVICE="eth0"
ONBOOT=yes
BOOTPROTO=static
# the rack
IPADDR=192.0.2.1
  export NETMASK='255.255.255.0'
GATEWAY=192.0.2.254
HWADDR=52:54:00:00:00:01
DNS1=192.0.2.53
MTU=9000
`
const own = { addresses: ['192.0.2.1/24'], gateway4: '192.0.2.254' }

describe('bridge: ifcfg files', () => {
  it('writes the bridge, and makes the port one', () => {
    const files = ifcfg.files(
      spec({
        addresses: ['192.0.2.1/24', '2001:DB8::1/64', '198.51.100.1/28', '2001:db8::2/64'],
        gateway4: '192.0.2.254',
        nameservers: ['192.0.2.53', '8.8.8.8'],
        stp: true,
        forward_delay: 4,
        mtu: 1600,
        mac: '52:54:00:00:00:09',
      }),
      new Map([[at('eth0'), ETH0]]),
    )
    expect(files.get(at('br0'))).to.equal(`# Managed by virtfleet: module bridge.
DEVICE=br0
TYPE=Bridge
ONBOOT=yes
STP=yes
BRIDGING_OPTS="forward_delay=400"
MTU=1600
MACADDR=52:54:00:00:00:09
BOOTPROTO=none
IPADDR=192.0.2.1
PREFIX=24
IPADDR1=198.51.100.1
PREFIX1=28
GATEWAY=192.0.2.254
DNS1=192.0.2.53
DNS2=8.8.8.8
IPV6INIT=yes
IPV6ADDR=2001:db8::1/64
IPV6ADDR_SECONDARIES="2001:db8::2/64"
`)
    expect(files.get(at('eth0'))).to.equal(`#virtfleet-bridge br0 begins
BRIDGE=br0
BOOTPROTO=none
ONBOOT=yes
MTU=1600
#virtfleet-bridge br0 ends
DEVICE="eth0"
#virtfleet-bridge br0# ONBOOT=yes
#virtfleet-bridge br0# BOOTPROTO=static
# the rack
#virtfleet-bridge br0# IPADDR=192.0.2.1
#virtfleet-bridge br0#   export NETMASK='255.255.255.0'
#virtfleet-bridge br0# GATEWAY=192.0.2.254
HWADDR=52:54:00:00:00:01
#virtfleet-bridge br0# DNS1=192.0.2.53
#virtfleet-bridge br0# MTU=9000
`)
  })

  it('takes an address by DHCP, and leaves to the network service what NetworkManager must not have', () => {
    const files = ifcfg.files(spec({ dhcp4: true }), new Map([[at('eth0'), `${ETH0}NM_CONTROLLED=no\n`]]))
    expect(files.get(at('br0')))
      .to.include('NM_CONTROLLED=no\n')
      .and.to.include('BOOTPROTO=dhcp\n')
  })

  it('a second time changes nothing, and absent gives the very same text back', () => {
    const before = new Map([
      [at('eth0'), ETH0],
      [at('lo'), 'DEVICE=lo\n'],
    ])
    const made = ifcfg.files(spec(own), before)
    expect(new Map(ifcfg.files(spec(own), made))).to.deep.equal(new Map(made))
    const gone = ifcfg.files(spec({ ports: [], state: 'absent' }), made)
    expect(new Map(gone)).to.deep.equal(new Map<string, string | undefined>([...before, [at('br0'), undefined]]))
  })

  it('makes a file for a port that has none, and takes it away again', () => {
    const made = ifcfg.files(spec({}), new Map())
    expect(ifcfgValue(made.get(at('eth0'))!, 'BRIDGE')).to.equal('br0')
    expect(ifcfg.files(spec({ ports: [] }), made).get(at('eth0'))).to.equal(undefined)
  })

  it('adopts a bridge that was made by hand', () => {
    const hand = new Map([
      [at('br0'), 'DEVICE=br0\nTYPE=Bridge\nBOOTPROTO=static\nIPADDR=192.0.2.1\n'],
      [at('eth0'), 'DEVICE=eth0\nONBOOT=yes\nBRIDGE="br0"\n'],
      [at('eth1'), 'DEVICE=eth1\nBRIDGE=br0\n'],
      [at('eth0.bak'), 'DEVICE=eth0\nBRIDGE=br0\n'],
    ])
    const files = ifcfg.files(spec(own), hand)
    expect(files.get(at('eth0'))).to.equal(hand.get(at('eth0')))
    expect(files.get(at('eth1'))).to.equal('DEVICE=eth1\n')
    expect(files.has(at('eth0.bak'))).to.equal(false)
    expect(ifcfg.files(spec({ state: 'absent' }), hand).get(at('eth0'))).to.equal('DEVICE=eth0\nONBOOT=yes\n')
  })

  it('two bridges do not give back one another’s ports', () => {
    const first = ifcfg.files(spec({}), new Map([[at('eth0'), ETH0]]))
    const both = new Map([...first, ...ifcfg.files(spec({ name: 'br1', ports: 'eth1' }), first)])
    const one = ifcfg.files(spec({ name: 'br1', ports: [], state: 'absent' }), both)
    expect(one.get(at('eth0'))).to.equal(first.get(at('eth0')))
    expect(one.get(at('eth1'))).to.equal(undefined)
  })

  it('refuses what it cannot set aside', () => {
    expect(() => ifcfg.files(spec({}), new Map([[at('eth0'), 'DNS1="192.0.2.53\n"\n']]))).to.throw(
      `${at('eth0')}:1 has a value of DNS1 that goes over several lines`,
    )
    expect(() => ifcfg.files(spec({}), new Map([[at('LAN'), "DEVICE='eth0'\n"]]))).to.throw(
      `${at('LAN')} configures eth0 under another name`,
    )
  })

  it('reads values as a shell would', () => {
    const table: [string, string | undefined][] = [
      ['A=1', '1'],
      ['A="x y" # why', 'x y'],
      ["A='x'", 'x'],
      ['A=1 # why', '1'],
      ['A=1\nA=2', '2'],
      ['  export A=1', '1'],
      ['#A=1', undefined],
      ['AA=1', undefined],
      ["A=''", ''],
    ]
    for (const [text, value] of table) expect(ifcfgValue(text, 'A'), text).to.equal(value)
  })

  it('gives back whatever text there was, and nothing of an address is left in force', () => {
    const line = fc.oneof(
      fc.constantFrom(
        'ONBOOT=no',
        'IPADDR2=192.0.2.7',
        ' BOOTPROTO=dhcp',
        'IPV6ADDR="2001:db8::1"',
        'MTU=1400',
        '',
        'TYPE=Ethernet',
      ),
      fc.string().map((text) => `# ${text.replaceAll('\n', '')}`),
      fc.string().map((text) => `NAME='${text.replace(/[\n'"\\]/g, '')}'`),
    )
    fc.assert(
      fc.property(fc.array(line), fc.option(fc.integer({ min: 68, max: 9000 }), { nil: undefined }), (lines, mtu) => {
        const text = lines.join('\n')
        const port = setAside(text, 'x', 'br0', mtu)
        expect(release(port, 'br0')).to.equal(text)
        expect(release(port, 'br1')).to.equal(port)
        for (const name of ['IPADDR2', 'IPV6ADDR']) expect(ifcfgValue(port, name)).to.equal(undefined)
        expect([ifcfgValue(port, 'BRIDGE'), ifcfgValue(port, 'ONBOOT'), ifcfgValue(port, 'BOOTPROTO')]).to.deep.equal([
          'br0',
          'yes',
          'none',
        ])
        if (mtu !== undefined) expect(ifcfgValue(port, 'MTU')).to.equal(String(mtu))
      }),
    )
  })
})
