import { expect } from 'chai'
import type { JsonObject } from '../../../core/events/json.ts'
import network from '../../../modules/libvirt/libvirt_network.ts'
import { checkState, type DrivenHost, type Round, runState } from '../module-driver.ts'
import { type LibvirtLab, openLibvirtLab } from './lab.ts'

const NAME = 'vf lists'
const NETWORK = {
  name: NAME,
  mode: 'nat',
  bridge: 'vfbr8',
  address: '192.168.88.1/24',
  dhcp_start: '192.168.88.10',
  dhcp_end: '192.168.88.99',
}
const mac = (i: number) => `52:54:00:88:00:0${i}`

describe('libvirt_network and its lists on a real libvirtd', function () {
  this.timeout(300_000)
  let lab: LibvirtLab
  let host: DrivenHost
  let running = ''

  const native = (command: string): Promise<string> => lab.native(0, command)
  const started = (): Promise<string> => native("stat -c %i '/sys/class/net/vfbr8'")
  /** Both definitions, as far as it matters. */
  const seen = async (pattern: string): Promise<string[]> => {
    const views = ['', '--inactive'].map(
      (view) => `virsh net-dumpxml ${view} '${NAME}' | grep -E "${pattern}" | tr -s ' '`,
    )
    const [live, config] = await Promise.all(views.map((view) => native(`${view} || true`)))
    expect(live).to.equal(config)
    return (live ?? '').split('\n').map((line) => line.trim())
  }
  /** While the network runs on; the second run finds nothing to do. */
  const settle = async (input: JsonObject): Promise<Round> => {
    const round = await runState(network, host, input)
    expect(round.left).to.deep.equal([])
    expect((await runState(network, host, input)).changes).to.deep.equal([])
    if (running !== '') expect(await started()).to.equal(running)
    return round
  }

  before(async () => {
    lab = await openLibvirtLab(1)
    host = lab.hosts[0] as DrivenHost
    await clean()
    await settle({ ...NETWORK, hosts: [{ mac: mac(1), name: 'a', ip: '192.168.88.11' }] })
    running = await started()
  })
  after(async () => {
    await clean()
    await lab?.close()
  })
  async function clean(): Promise<void> {
    await native(`(virsh net-destroy '${NAME}'; virsh net-undefine '${NAME}') >/dev/null 2>&1; true`)
  }

  it('gives fixed addresses and names, and takes them back, while it runs', async () => {
    const more = {
      ...NETWORK,
      hosts: [{ mac: mac(2), ip: '192.168.88.12' }],
      dns_hosts: [{ ip: '192.168.88.12', names: ['b.example', 'www.example'] }],
    }
    expect((await checkState(network, lab.checking[0] as DrivenHost, more)).map((one) => one.path)).to.deep.equal([
      `dns`,
      `ip[192.168.88.1].dhcp.host[${mac(2)}]`,
    ])
    await settle(more)
    expect(await seen('<host mac')).to.deep.equal([
      `<host mac='${mac(1)}' name='a' ip='192.168.88.11'/>`,
      `<host mac='${mac(2)}' ip='192.168.88.12'/>`,
    ])
    expect(await native("cat '/var/lib/libvirt/dnsmasq/vf lists.addnhosts'")).to.match(/192\.168\.88\.12\s+b\.example/)
    const changes = (await settle({ name: NAME, hosts: [{ mac: mac(2), state: 'absent' }] })).changes
    expect(changes.map((one) => `${one.path} ${String(one.after)}`)).to.deep.equal([
      `ip[192.168.88.1].dhcp.host[${mac(2)}] absent`,
    ])
    await settle({ name: NAME, dns_hosts: [{ ip: '192.168.88.12', state: 'absent' }] })
    expect(await seen('hostname|<host mac')).to.deep.equal([`<host mac='${mac(1)}' name='a' ip='192.168.88.11'/>`])
  })

  it('adds to a network without saying what it is, and changes what is there', async () => {
    await settle({ name: NAME, hosts: [{ mac: mac(1), ip: '192.168.88.21' }] })
    expect(await seen('<host mac')).to.deep.equal([`<host mac='${mac(1)}' name='a' ip='192.168.88.21'/>`])
    await settle({ name: NAME, dns_hosts: [{ ip: '192.168.88.21', names: ['a.example'] }] })
    await settle({ name: NAME, dns_hosts: [{ ip: '192.168.88.21', names: ['c.example'] }] })
    expect(await seen('hostname')).to.deep.equal(['<hostname>a.example</hostname>', '<hostname>c.example</hostname>'])
  })

  it('moves the range of its addresses while it runs', async () => {
    await settle({ ...NETWORK, dhcp_end: '192.168.88.120' })
    await settle({ ...NETWORK, dhcp_start: '192.168.88.30', dhcp_end: '192.168.88.130' })
    expect(await seen('<range')).to.deep.equal(["<range start='192.168.88.30' end='192.168.88.130'/>"])
  })

  it('has only what is declared where lists are exact', async () => {
    const input = { ...NETWORK, hosts: [{ mac: mac(3), ip: '192.168.88.13' }], exact: ['hosts', 'dns_hosts'] }
    await settle(input)
    expect(await seen('<host ')).to.deep.equal([`<host mac='${mac(3)}' ip='192.168.88.13'/>`])
    await settle({ name: NAME, exact: ['hosts'] })
    expect(await seen('<host ')).to.deep.equal([''])
  })

  it('is routed, isolated, or a bridge of the host', async () => {
    running = ''
    for (const [mode, forward] of [
      ['route', "<forward mode='route'/>"],
      ['isolated', ''],
    ]) {
      const { bridge: _bridge, ...rest } = NETWORK
      await clean()
      await settle({ ...rest, mode } as JsonObject)
      expect(await seen('<forward')).to.deep.equal([forward])
    }
    await clean()
    await native('ip link add vfbr9 type bridge && ip link set vfbr9 up')
    await settle({ name: NAME, mode: 'bridge', bridge: 'vfbr9' })
    expect(await seen('<forward|<bridge')).to.deep.equal(["<forward mode='bridge'/>", "<bridge name='vfbr9'/>"])
    await settle({ name: NAME, state: 'absent' })
    expect(await native('ip -br link show vfbr9 | wc -l; ip link del vfbr9')).to.equal('1')
  })
})
