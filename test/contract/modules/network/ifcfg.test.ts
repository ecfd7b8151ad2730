import { expect } from 'chai'
import { sh } from '../../../../core/connection/quote.ts'
import bridge from '../../../../modules/network/bridge.ts'
import { runState } from '../../module-driver.ts'
import { type ModuleLab, openModuleLab } from '../lab.ts'
import { networkService } from './network-service.ts'
import { gatewayOf, ROUTE, rejected } from './route.ts'

const FOLDER = '/etc/sysconfig/network-scripts'

/*
 * Debian has no network service of EL 7 and 8. Its `ifup` and `ifdown` are stood in for by what its documentation says of the
 * variables that we write; files, kernel and connection are real.
 */
describe('bridge by ifcfg files', function () {
  this.timeout(300_000)
  let lab: ModuleLab
  let own: { ports: string[]; addresses: string[]; gateway4: string }
  before(async () => {
    lab = await openModuleLab()
    own = { ports: ['host0'], addresses: [`${lab.address}/24`], gateway4: gatewayOf(lab.address) }
    await lab.native(networkService(FOLDER))
    await lab.native(`cp /etc/network/interfaces /root/interfaces
printf 'auto lo\\niface lo inet loopback\\n' > /etc/network/interfaces
printf 'DEVICE=host0\\nONBOOT=yes\\nIPADDR=${lab.address}\\nPREFIX=24\\nGATEWAY=${own.gateway4}\\n' > ${FOLDER}/ifcfg-host0
/usr/local/sbin/ifup host0`)
  })
  // The lab may be one that other tests use after us.
  after(async () => {
    await lab
      ?.native(
        `rm -rf /etc/sysconfig /usr/local/sbin/ifup /usr/local/sbin/ifdown; mv /root/interfaces /etc/network/interfaces`,
      )
      .finally(() => lab.close())
  })

  it('moves the address to the bridge, and keeps the connection', () =>
    lab.proves(
      bridge,
      { name: 'br0', ...own },
      {
        changes: [`${FOLDER}/ifcfg-host0`, `${FOLDER}/ifcfg-br0`, 'br0'],
        confirm: `${ROUTE}; bridge link show | grep -o 'host0.*master br0'; grep -c virtfleet ${FOLDER}/ifcfg-host0`,
        answer: new RegExp(`^br0 ${lab.address}/24\ndefault via ${own.gateway4} dev br0\nhost0.*master br0\n6$`),
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

  it('gives the port its own configuration back', () =>
    lab.proves(
      bridge,
      { name: 'br0', state: 'absent' },
      {
        confirm: `${ROUTE}; grep -c virtfleet ${FOLDER}/ifcfg-host0; ls ${FOLDER}`,
        answer: `host0 ${lab.address}/24\ndefault via ${own.gateway4} dev host0\n0\nifcfg-host0\nifup-eth`,
      },
    ))

  for (const when of ['before', 'after'] as const)
    it(`makes the change though the connection is lost right ${when} it begins`, async () => {
      const parent = sh`read -r s </proc/$p/stat; s=${sh.raw('${s##*) ? }')}; p=${sh.raw('${s%% *}')}`
      const cut = sh`p=$$; while :; do read -r c </proc/$p/comm; case $c in sshd*) break ;; esac; ${parent}; done; kill -s KILL $p`
      let cuts = 0
      const host = Object.create(lab.host) as typeof lab.host
      host.run = (script, options) => {
        if (!script.text.startsWith('systemd-run') || cuts > 0) return lab.host.run(script, options)
        cuts++
        return lab.host.run(
          sh.join(when === 'before' ? [cut, sh`sleep 60`] : [script, script, cut, sh`sleep 60`]),
          options,
        )
      }
      const { left } = await runState(bridge, host, { name: 'br0', ...own })
      expect(left).to.deep.equal([])
      expect(cuts).to.equal(1)
      expect(await lab.native(ROUTE)).to.equal(`br0 ${lab.address}/24\ndefault via ${own.gateway4} dev br0`)
      await runState(bridge, lab.host, { name: 'br0', state: 'absent' })
    })

  it('holds up the next run until a change that a stopped run has begun is taken back', async () => {
    const folder = '/run/virtfleet'
    const atWork = `flock -n ${folder}/work true && echo over || echo at work`
    await lab.native(`mkdir -p -m 700 ${folder}; [ -s ${folder}/lease ] || echo '{"run":"42"}' >${folder}/lease`)
    const before = await lab.native(ROUTE)
    const stop = new AbortController()
    const host = Object.create(lab.host, { signal: { value: stop.signal } }) as typeof lab.host
    host.run = async (script, options) => {
      const answer = await lab.host.run(script, options)
      if (script.text.startsWith('systemd-run')) stop.abort(new Error('stopped'))
      return answer
    }
    const ended = await runState(bridge, host, { name: 'br0', ...own, timeout: 15 }).catch(
      (error: Error) => error.message,
    )
    expect(ended).to.equal('stopped')
    // While its address moves it may not answer for a moment.
    const said = () => lab.native(atWork).catch(() => 'unreachable')
    const seen = new Set<string>()
    for (const end = Date.now() + 90_000; Date.now() < end && !seen.has('over'); ) seen.add(await said())
    expect([...seen])
      .to.include('at work')
      .and.to.include('over')
    expect(await lab.native(ROUTE)).to.equal(before)
    await lab.host.reconnect()
    await lab.frozen.reconnect()
  })

  it('leaves a bridge that brctl made as it was if the host is not reached, its address with it alone', async () => {
    await lab.native(`systemd-run --quiet --wait sh -c 'brctl addbr br0; ip link set br0 up; brctl addif br0 host0
ip addr flush dev host0; ip addr add ${lab.address}/24 dev br0; ip route replace default via ${own.gateway4} dev br0'`)
    await lab.host.reconnect()
    await lab.frozen.reconnect()
    const state = `${ROUTE}; ip -4 -o addr show scope global | awk '{ print $2, $4 }'; ls /sys/class/net/br0/brif ${FOLDER}`
    const before = await lab.native(state)
    // Nobody is let in anew; the connection that is there stays. What lets people in again needs no connection.
    await lab.native('systemd-run --quiet --unit=ssh-again --on-active=90 systemctl start ssh; systemctl stop ssh')
    const error = await rejected(
      runState(bridge, lab.host, { name: 'br0', ...own, timeout: 15, activation_timeout: 30 }),
    )
    expect(error.message).to.match(/could not be reached with the new configuration, so it went back/)
    await lab.host.run(sh`systemctl stop ssh-again.timer; systemctl start ssh`)
    await lab.host.reconnect()
    expect(await lab.native(state)).to.equal(before)
  })

  it('adopts a bridge that brctl made, and that no file knows', async () => {
    await lab.proves(
      bridge,
      { name: 'br0', ...own },
      {
        changes: [`${FOLDER}/ifcfg-host0`, `${FOLDER}/ifcfg-br0`],
        confirm: `${ROUTE}; ls /sys/class/net/br0/brif`,
        answer: `br0 ${lab.address}/24\ndefault via ${own.gateway4} dev br0\nhost0`,
      },
    )
    await runState(bridge, lab.host, { name: 'br0', state: 'absent' })
  })

  it('takes a change back that cuts the host off', async () => {
    const state = `${ROUTE}; ls /sys/class/net ${FOLDER}; cat ${FOLDER}/ifcfg-*`
    const before = await lab.native(state)
    const cut = { name: 'br0', ports: ['host0'], addresses: ['198.51.100.7/24'], gateway4: '198.51.100.1', timeout: 15 }
    const error = await rejected(runState(bridge, lab.host, cut))
    expect(error.message).to.match(/could not be reached with the new configuration, so it went back/)
    expect(await lab.native(state)).to.equal(before)
  })
})
