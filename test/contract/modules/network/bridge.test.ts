import { expect } from 'chai'
import { ModuleFailure } from '../../../../core/module/types.ts'
import bridge from '../../../../modules/network/bridge.ts'
import { checkState, runState } from '../../module-driver.ts'
import { type ModuleLab, openModuleLab } from '../lab.ts'

const rejected = async (work: Promise<unknown>): Promise<ModuleFailure> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).to.be.instanceOf(ModuleFailure)
  return error as ModuleFailure
}

/** The interface that leads to us, with its addresses and default route, in one line each. */
const ROUTE = `ip -o -4 addr show scope global | awk '{print $2, $4}' | sort; ip -4 route show default | sed 's/ onlink//; s/ proto [a-z]*//; s/ *$//'`

describe('bridge on a real host', function () {
  this.timeout(900_000)
  const labs: ModuleLab[] = []
  after(() => Promise.all(labs.map((lab) => lab.close())))

  describe('ifupdown, on the interface that leads to us', () => {
    let lab: ModuleLab
    let own: { ports: string[]; addresses: string[]; gateway4: string }
    before(async () => {
      lab = await openModuleLab()
      labs.push(lab)
      own = { ports: ['host0'], addresses: [`${lab.address}/24`], gateway4: gatewayOf(lab.address) }
    })
    it('moves the address to the bridge, and keeps the connection', () =>
      lab.proves(
        bridge,
        { name: 'br0', ...own },
        {
          changes: ['/etc/network/interfaces', '/etc/network/interfaces.d/virtfleet-br0', 'br0'],
          confirm: `${ROUTE}; bridge link show | grep -o 'host0.*master br0'; ls /var/lib/virtfleet/network`,
          answer: new RegExp(`^br0 ${lab.address}/24\ndefault via ${own.gateway4} dev br0\nhost0.*master br0$`),
        },
      ))

    it('sets spanning tree, mtu and more addresses', () =>
      lab.proves(
        bridge,
        {
          name: 'br0',
          ...own,
          addresses: [...own.addresses, '192.0.2.9/24', '2001:DB8::9/64'],
          stp: true,
          forward_delay: 2,
          mtu: 1600,
        },
        {
          confirm: `cat /sys/class/net/br0/bridge/stp_state /sys/class/net/br0/mtu /sys/class/net/host0/mtu; ip -o addr show dev br0 | grep -cE '192.0.2.9/24|2001:db8::9/64'`,
          answer: '1\n1600\n1600\n2',
        },
      ))

    it('repairs what drifted', async () => {
      await lab.native('ip addr del 192.0.2.9/24 dev br0; ip link set br0 type bridge stp_state 0')
      await lab.proves(
        bridge,
        {
          name: 'br0',
          ...own,
          addresses: [...own.addresses, '192.0.2.9/24', '2001:db8::9/64'],
          stp: true,
          forward_delay: 2,
          mtu: 1600,
        },
        { changes: ['br0 stp', 'br0 address'], confirm: 'cat /sys/class/net/br0/bridge/stp_state', answer: '1' },
      )
    })

    it('refuses while a guest hangs on it, and puts its port back when allowed', async () => {
      await lab.native('ip tuntap add dev vnet0 mode tap; ip link set vnet0 up master br0')
      const refusal = await rejected(checkState(bridge, lab.frozen, { name: 'br0', ...own }))
      expect(refusal.message).to.equal('1 guest port(s) hang on br0: vnet0')
      await lab.proves(
        bridge,
        { name: 'br0', ...own, allow_disruption: true },
        { confirm: 'ls /sys/class/net/br0/brif', answer: 'host0\nvnet0' },
      )
      await lab.native('ip link del vnet0')
    })

    it('gives the port its own configuration back', () =>
      lab.proves(
        bridge,
        { name: 'br0', state: 'absent' },
        {
          confirm: `${ROUTE}; grep -c virtfleet /etc/network/interfaces; ls /etc/network/interfaces.d`,
          answer: `host0 ${lab.address}/24\ndefault via ${own.gateway4} dev host0\n0`,
        },
      ))

    it('takes a change back that cannot be made', async () => {
      const before = await lab.native(`${ROUTE}; cat /etc/network/interfaces`)
      const failed = await rejected(runState(bridge, lab.host, { name: 'br0', ...own, mac: '01:00:00:00:00:01' }))
      expect(failed.message).to.match(/could not be applied, the old one is back: ./)
      expect(await lab.native(`${ROUTE}; cat /etc/network/interfaces`)).to.equal(before)
    })

    it('knows what cannot be a port', async () => {
      expect((await rejected(checkState(bridge, lab.host, { name: 'br0', ports: ['eth9'] }))).message).to.equal(
        'the host has no interface eth9',
      )
      await lab.native(
        'ip link add other type bridge; ip link add vp0 type veth peer name vp1; ip link set vp0 master other',
      )
      expect((await rejected(checkState(bridge, lab.host, { name: 'br0', ports: ['vp0'] }))).message).to.equal(
        'vp0 already belongs to other',
      )
      await lab.native('ip link del vp0; ip link del other')
    })
  })

  for (const backend of ['networkd', 'netplan'] as const) {
    describe(`${backend}, on the interface that leads to us`, () => {
      let lab: ModuleLab
      let own: { ports: string[]; addresses: string[]; gateway4: string }
      before(async () => {
        lab = await openModuleLab(backend === 'netplan' ? 'network' : 'plain', backend === 'netplan' ? 0 : 1)
        labs.push(lab)
        own = { ports: ['host0'], addresses: [`${lab.address}/24`], gateway4: gatewayOf(lab.address) }
        await lab.native(takeOver(backend, lab.address))
        await lab.host.reconnect()
        await lab.frozen.reconnect()
      })
      it('moves the address to the bridge, and keeps the connection', () =>
        lab.proves(
          bridge,
          { name: 'br0', ...own },
          {
            confirm: `${ROUTE}; bridge link show | grep -o 'host0.*master br0'`,
            answer: new RegExp(`^br0 ${lab.address}/24\ndefault via ${own.gateway4} dev br0\nhost0.*master br0$`),
          },
        ))

      it('sets spanning tree, mtu and more addresses', () =>
        lab.proves(
          bridge,
          {
            name: 'br0',
            ...own,
            addresses: [...own.addresses, '192.0.2.9/24', '2001:db8::9/64'],
            stp: true,
            forward_delay: 2,
            mtu: 1600,
          },
          {
            confirm: `cat /sys/class/net/br0/bridge/stp_state /sys/class/net/br0/mtu /sys/class/net/host0/mtu; ip -o addr show dev br0 | grep -cE '192.0.2.9/24|2001:db8::9/64'`,
            answer: '1\n1600\n1600\n2',
          },
        ))

      it('gives the port its own configuration back', () =>
        lab.proves(
          bridge,
          { name: 'br0', state: 'absent' },
          {
            confirm: `${ROUTE}; ls -d /sys/class/net/br0 2>/dev/null || :`,
            answer: `host0 ${lab.address}/24\ndefault via ${own.gateway4} dev host0`,
          },
        ))
    })
  }

  // In a suite of its own, as mocha runs a suite's own tests before those of its suites.
  describe('dead-man’s switch', () => {
    it('takes a change back that cuts the host off, with every backend', async () => {
      expect(labs).to.have.length(3)
      const args = { ports: ['host0'], addresses: ['198.51.100.7/24'], gateway4: '198.51.100.1' }
      await Promise.all(labs.map((lab) => cutsOff(lab, args)))
    })
  })

  async function cutsOff(lab: ModuleLab, args: object): Promise<void> {
    const files = `cat /etc/network/interfaces /etc/netplan/*.yaml /etc/systemd/network/*.network 2>/dev/null; ls /etc/network/interfaces.d /etc/netplan /etc/systemd/network 2>/dev/null`
    const state = `${ROUTE}; ls /sys/class/net; ${files}; :`
    const before = await lab.native(state)
    const start = Date.now()
    const limits = { timeout: 15, activation_timeout: 90 }
    const error = await rejected(runState(bridge, lab.host, { name: 'br0', ...args, ...limits }))
    expect(error.message).to.match(/could not be reached with the new configuration, so it went back/)
    // What the host may take at most: to bring it up, to wait for us, to bring the old one up again, and to be found.
    expect(Date.now() - start).to.be.lessThan((limits.timeout + 2 * limits.activation_timeout + 30) * 1000)
    expect(await lab.native(state)).to.equal(before)
  }
})

const gatewayOf = (address: string): string => address.replace(/\d+$/, '2')

/** Hands the interface over from ifupdown, which the lab's containers come with. */
function takeOver(backend: 'networkd' | 'netplan', address: string): string {
  const gateway = gatewayOf(address)
  const file =
    backend === 'networkd'
      ? `printf '[Match]\\nName=host0\\n[Network]\\nAddress=${address}/24\\nGateway=${gateway}\\n' > /etc/systemd/network/10-lab.network`
      : `mkdir -p /etc/netplan; printf 'network:\\n  version: 2\\n  renderer: networkd\\n  ethernets:\\n    host0:\\n      addresses:\\n      - ${address}/24\\n      routes:\\n        - to: default\\n          via: ${gateway}\\n' > /etc/netplan/10-lab.yaml; chmod 600 /etc/netplan/10-lab.yaml; netplan generate`
  // A container has no udev, and netplan apply insists on one.
  return `printf '#!/bin/sh\nexit 0\n' > /usr/local/sbin/udevadm; chmod 755 /usr/local/sbin/udevadm
${file}
printf 'auto lo\\niface lo inet loopback\\n' > /etc/network/interfaces
systemctl enable -q --now systemd-networkd; networkctl reload; networkctl reconfigure host0; sleep 2
n=0; until ip -4 route show default dev host0 proto static | grep -q ${gateway}; do n=$((n + 1)); [ $n -lt 300 ] || exit 1; sleep 0.2; done`
}
