import { expect } from 'chai'
import bridge from '../../../../modules/network/bridge.ts'
import { checkState, runState } from '../../module-driver.ts'
import { type ModuleLab, openModuleLab } from '../lab.ts'
import { gatewayOf, ROUTE, rejected } from './route.ts'

const PROFILES = '/etc/NetworkManager/system-connections'
/** Which profile is active on which device, without what is always there. */
const ACTIVE = `nmcli -t -f DEVICE,CONNECTION device | grep -v '^lo:' | sort`

describe('bridge by a real NetworkManager', function () {
  this.timeout(300_000)
  let lab: ModuleLab
  let own: { ports: string[]; addresses: string[]; gateway4: string }
  before(async () => {
    lab = await openModuleLab('network', 1)
    own = { ports: ['host0'], addresses: [`${lab.address}/24`], gateway4: gatewayOf(lab.address) }
  })
  after(() => lab?.close())

  it('leaves an interface to ifupdown that NetworkManager does not manage', async () => {
    // Where it notes when each profile was last used, whenever it likes: no change of ours, and none of check mode's.
    await lab.native(
      'mount -t tmpfs none /var/lib/NetworkManager; systemctl start NetworkManager; nm-online -s -q -t 30',
    )
    expect(await lab.native('nmcli -t -f DEVICE,STATE device | grep host0')).to.equal('host0:unmanaged')
    const changes = await checkState(bridge, lab.host, { name: 'br0', ...own })
    expect(changes.map(({ path }) => path)).to.include('/etc/network/interfaces')
    const asked = await rejected(checkState(bridge, lab.host, { name: 'br0', ...own, backend: 'NetworkManager' }))
    expect(asked.message).to.equal('NetworkManager does not manage host0')
  })

  it('moves the address to the bridge, and keeps the connection', async () => {
    await lab.native(takeOver(lab.address))
    await lab.host.reconnect()
    await lab.frozen.reconnect()
    await lab.proves(
      bridge,
      { name: 'br0', ...own, nameservers: ['192.0.2.53'] },
      {
        changes: [`${PROFILES}/virtfleet-br0+host0.nmconnection`, `${PROFILES}/virtfleet-br0.nmconnection`, 'br0'],
        confirm: `${ROUTE}; bridge link show | grep -o 'host0.*master br0'; ${ACTIVE}; grep -c 192.0.2.53 /etc/resolv.conf; ls /var/lib/virtfleet/network`,
        answer: new RegExp(
          `^br0 ${lab.address}/24\ndefault via ${own.gateway4} dev br0\nhost0.*master br0\nbr0:virtfleet-br0\nhost0:virtfleet-br0\\+host0\n1$`,
        ),
      },
    )
  })

  it('is there again after NetworkManager and the links were gone', async () => {
    await lab.native(
      `systemd-run --quiet --wait sh -c 'systemctl stop NetworkManager; ip link del br0; ip addr flush dev host0; systemctl start NetworkManager; nm-online -s -q -t 30'`,
    )
    await lab.host.reconnect()
    expect(await checkState(bridge, lab.host, { name: 'br0', ...own, nameservers: ['192.0.2.53'] })).to.deep.equal([])
  })

  const more = () => ({
    name: 'br0',
    ...own,
    addresses: [...own.addresses, '192.0.2.9/24', '2001:DB8::9/64'],
    stp: true,
    forward_delay: 2,
    mtu: 1600,
    mac: '52:54:00:12:34:56',
  })

  it('sets spanning tree, mtu, mac and more addresses, and puts the port of a guest back', async () => {
    await lab.native('ip tuntap add dev vnet0 mode tap; ip link set vnet0 up master br0')
    await lab.proves(
      bridge,
      { ...more(), allow_disruption: true },
      {
        confirm: `ls /sys/class/net/br0/brif; cat /sys/class/net/br0/bridge/stp_state /sys/class/net/br0/mtu /sys/class/net/host0/mtu /sys/class/net/br0/address; ip -o addr show dev br0 | grep -cE '192.0.2.9/24|2001:db8::9/64'`,
        answer: 'host0\nvnet0\n1\n1600\n1600\n52:54:00:12:34:56\n2',
      },
    )
    await lab.native('ip link del vnet0')
  })

  it('repairs what drifted', async () => {
    await lab.native('ip addr del 192.0.2.9/24 dev br0; ip link set br0 type bridge stp_state 0')
    await lab.proves(bridge, more(), {
      changes: ['br0 stp', 'br0 address'],
      confirm: 'cat /sys/class/net/br0/bridge/stp_state; ip -o addr show dev br0 | grep -c 192.0.2.9/24',
      answer: '1\n1',
    })
  })

  it('takes a change back that cannot be made', async () => {
    const before = await lab.native(`${ROUTE}; ${ACTIVE}; cat ${PROFILES}/*`)
    const failed = await rejected(runState(bridge, lab.host, { ...more(), mac: '01:00:00:00:00:01' }))
    expect(failed.message).to.match(/could not be applied, the old one is back: ./)
    expect(await lab.native(`${ROUTE}; ${ACTIVE}; cat ${PROFILES}/*`)).to.equal(before)
  })

  it('gives the port its own configuration back', () =>
    lab.proves(
      bridge,
      { name: 'br0', state: 'absent' },
      {
        confirm: `${ROUTE}; ${ACTIVE}; ls ${PROFILES}; ls -d /sys/class/net/br0 2>/dev/null; cat /sys/class/net/host0/mtu`,
        answer: new RegExp(
          `^host0 ${lab.address}/24\ndefault via ${own.gateway4} dev host0\nhost0:The\\\\: old one\nold.nmconnection\n1500$`,
        ),
      },
    ))

  // A macvlan has a profile with more than addresses, as a bond or a VLAN has, and any kernel can make one.
  it('makes a link a port in its own profile, and gives that back as it was', async () => {
    await lab.native(
      'nmcli -w 20 connection add type macvlan con-name part ifname mv0 dev host0 mode bridge ip4 192.0.2.77/24 >/dev/null; nmcli -w 20 connection up part >/dev/null; ip addr show dev mv0 | grep -q 192.0.2.77',
    )
    const before = await lab.native(`cat ${PROFILES}/part.nmconnection`)
    await lab.proves(
      bridge,
      { name: 'br1', ports: ['mv0'], addresses: ['192.0.2.77/24'] },
      {
        changes: [
          `${PROFILES}/part.nmconnection`,
          '/var/lib/virtfleet/network-aside/br1+mv0',
          `${PROFILES}/virtfleet-br1.nmconnection`,
          'br1',
        ],
        confirm: `ls /sys/class/net/br1/brif; ip -o -4 addr show | awk '/192.0.2.77/ { print $2 }'; nmcli -t -f DEVICE,CONNECTION device | grep mv0`,
        answer: 'mv0\nbr1\nmv0:part',
      },
    )
    await lab.proves(
      bridge,
      { name: 'br1', state: 'absent' },
      {
        confirm: `ip -o -4 addr show | awk '/192.0.2.77/ { print $2 }'; ls /var/lib/virtfleet/network-aside; cat ${PROFILES}/part.nmconnection`,
        answer: `mv0\n${before}`,
      },
    )
    await lab.native('nmcli connection delete part')
  })

  it('takes an address by DHCP, over a card that had no profile in any file', async () => {
    await lab.native(`ip netns add other; ip link add dh0 type veth peer name dh1 netns other
ip -n other addr add 192.0.2.1/24 dev dh1; ip -n other link set dh1 up; : > /run/leases
printf 'start 192.0.2.50\\nend 192.0.2.60\\ninterface dh1\\nlease_file /run/leases\\npidfile /run/dh.pid\\n' > /run/dh.conf
systemd-run --quiet ip netns exec other busybox udhcpd -f /run/dh.conf
n=0; until ip -4 addr show dev dh0 | grep -q 192.0.2; do n=$((n + 1)); [ $n -lt 150 ] || exit 1; sleep 0.2; done`)
    const leased = `ip -o -4 addr show | awk '/192.0.2/ { print $2 }'`
    await lab.proves(
      bridge,
      { name: 'br2', ports: ['dh0'], dhcp4: true },
      { confirm: `${leased}; ls /sys/class/net/br2/brif`, answer: 'br2\ndh0' },
    )
    await lab.proves(bridge, { name: 'br2', state: 'absent' }, { confirm: leased, answer: 'dh0' })
    await lab.native('ip link del dh0')
  })

  it('takes a change back that cuts the host off', async () => {
    const state = `${ROUTE}; ${ACTIVE}; ls /sys/class/net ${PROFILES}; cat ${PROFILES}/*`
    const before = await lab.native(state)
    const error = await rejected(
      runState(bridge, lab.host, {
        name: 'br0',
        ports: ['host0'],
        addresses: ['198.51.100.7/24'],
        gateway4: '198.51.100.1',
        timeout: 15,
      }),
    )
    expect(error.message).to.match(/could not be reached with the new configuration, so it went back/)
    expect(await lab.native(state)).to.equal(before)
  })
})

/** Hands the interface over from ifupdown, which the lab's containers come with. */
function takeOver(address: string): string {
  const profile = `[connection]
id=The: old one
uuid=11111111-2222-4333-8444-555555555555
type=ethernet
interface-name=host0

[ipv4]
method=manual
address1=${address}/24,${gatewayOf(address)}
`
  return `umask 077; printf '%s' '${profile}' > ${PROFILES}/old.nmconnection
printf 'auto lo\\niface lo inet loopback\\n' > /etc/network/interfaces
systemctl disable -q networking; systemctl enable -q NetworkManager
systemctl restart NetworkManager; nmcli -w 20 connection up uuid 11111111-2222-4333-8444-555555555555 >/dev/null`
}
