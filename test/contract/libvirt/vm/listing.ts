import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { DAEMON } from '../releases.ts'
import type { VmLab } from './lab.ts'

/** list, show, ip. */
export function listingTests(lab: () => VmLab): void {
  before(async () => {
    await lab().clean()
    await lab().define(0, 'web1')
    await lab().define(0, 'db1', { devices: "<graphics type='vnc' port='-1' passwd='hunter2x'/>" })
    await lab().define(1, 'web1')
    await lab().define(1, 'mail')
    await lab().native(0, 'virsh -q start db1; virsh -q autostart db1')
  })

  it('lists all hosts in one table, and marks duplicates', async () => {
    const { code, out, err } = await lab().vm('list', '-i', lab().both)
    const [a, b] = lab().hosts
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/\s{2,}/))
    expect(code).to.equal(0)
    expect(rows).to.deep.equal([
      ['NAME', 'HOST', 'STATE', 'VCPUS', 'MEMORY', 'AUTOSTART'],
      ['db1', a, 'running', '1', '64 MiB', 'yes'],
      ['mail', b, 'shut off', '1', '64 MiB', 'no'],
      ['web1 *', a, 'shut off', '1', '64 MiB', 'no'],
      ['web1 *', b, 'shut off', '1', '64 MiB', 'no'],
    ])
    expect(err).to.equal('* on several hosts: name it name@host\n')
  })

  it('lists only what is asked for', async () => {
    const names = async (...args: string[]): Promise<string[]> => {
      const { out } = await lab().vm('list', '-i', lab().both, '--output', 'json', ...args)
      return (JSON.parse(out) as { vms: { name: string; host: string }[] }).vms.map((vm) => `${vm.name}@${vm.host}`)
    }
    const [a, b] = lab().hosts
    expect(await names('*1')).to.deep.equal([`db1@${a}`, `web1@${a}`, `web1@${b}`])
    expect(await names('--host', b)).to.deep.equal([`mail@${b}`, `web1@${b}`])
    expect(await names('-l', a, 'web*')).to.deep.equal([`web1@${a}`])
  })

  it('tells of a host that is silent, and ends with 4', async () => {
    const table = await lab().vm('list', '-i', lab().withSilent)
    expect(table.code).to.equal(4)
    expect(table.out)
      .to.match(/^mail /m)
      .and.not.include('down')
    expect(table.err).to.match(/^no answer from down: .*refused/m)
    const json = await lab().vm('list', '-i', lab().withSilent, '--output', 'json')
    const document = JSON.parse(json.out) as { vms: object[]; silent: { host: string; reason: string }[] }
    expect(document.vms).to.have.length(4)
    expect(document.silent.map((one) => one.host)).to.deep.equal(['down'])
  })

  it('tells which host lets a user in who may not speak to libvirt, and becomes root when told', async () => {
    const refused = await lab().vm('list', '-i', lab().asAdmin)
    expect(refused.code).to.equal(4)
    expect(refused.err).to.match(/no answer from .*--become/)
    const become = await lab().vm('list', '-i', lab().asAdmin, '-b')
    expect([become.code, become.out.split('\n')[1]?.slice(0, 4)]).to.deep.equal([0, 'db1 '])
  })

  it('shows one, without its secrets', async () => {
    const { code, out, err } = await lab().vm('show', 'db1', '-i', lab().both, '--output', 'json')
    const document = JSON.parse(out) as Record<string, unknown>
    expect([code, err]).to.deep.equal([0, ''])
    expect(document).to.include({ name: 'db1', host: lab().hosts[0], state: 'running', autostart: true })
    expect(document.uuid).to.equal(await lab().native(0, 'virsh domuuid db1'))
    expect(document.displays).to.deep.equal([
      { type: 'vnc', host: '127.0.0.1', port: 5900, tls: false, password: true },
    ])
    const xml = await lab().vm('show', 'db1', '-i', lab().both, '--xml')
    expect(xml.out).to.match(/^<domain /)
    const table = await lab().vm('show', 'db1', '-i', lab().both)
    expect(table.out)
      .to.match(/^state: +running$/m)
      .and.match(/^vda +disk +qcow2 +\/var\/lib\/vfvm\/db1.qcow2$/m)
    for (const text of [out, xml.out, table.out]) expect(text).to.not.include('hunter2')
  })

  it('wants to know which of two', async () => {
    const { code, out, err } = await lab().vm('show', 'web1', '-i', lab().both)
    const [a, b] = lab().hosts
    expect([code, out]).to.deep.equal([1, ''])
    expect(err).to.equal(`error: VM 'web1' is on several hosts: ${a}, ${b}\nhint: say which one: web1@${a}\n`)
    expect((await lab().vm('show', `web1@${b}`, '-i', lab().both)).code).to.equal(0)
  })

  it('shows one though a host is silent, and says that', async () => {
    const { code, out, err } = await lab().vm('show', 'db1', '-i', lab().withSilent)
    expect([code, out.split('\n')[0]]).to.deep.equal([0, 'name:       db1'])
    expect(err).to.equal(`no answer from down; this is the one on ${lab().hosts[0]}\n`)
  })

  it('knows no address of a guest that has none, and says where it looked', async () => {
    const { code, err } = await lab().vm('ip', 'db1', '-i', lab().both)
    expect(code).to.equal(1)
    expect(err)
      .to.match(/not from agent: .*agent is not configured/)
      .and.match(/no address of db1@/)
  })

  it('tells an address by DHCP, and that it is by DHCP', async () => {
    // The network card's firmware asks for one.
    await lab().define(1, 'leased', {
      devices:
        "<interface type='network'><mac address='52:54:00:0a:0b:0c'/><source network='vfvm'/><model type='virtio'/><boot order='1'/></interface>",
    })
    await lab().native(
      1,
      `cat >/run/net.xml <<'X'
<network><name>vfvm</name><bridge name='vfvm0'/><ip address='10.77.1.1' netmask='255.255.255.0'><dhcp><range start='10.77.1.9' end='10.77.1.9'/></dhcp></ip></network>
X
virsh -q net-define /run/net.xml; virsh -q net-start vfvm; virsh -q start leased
for i in $(seq 120); do virsh -q net-dhcp-leases vfvm | grep -q 10.77.1.9 && break; sleep 0.5; done`,
    )
    const { code, out } = await lab().vm('ip', 'leased', '-i', lab().both)
    expect(code).to.equal(0)
    expect(out).to.match(/^10\.77\.1\.9\/24 +lease +\S+ +52:54:00:0a:0b:0c$/m)
    const json = await lab().vm('ip', 'leased', '--source', 'lease', '-i', lab().both, '--output', 'json')
    const { addresses, unavailable } = JSON.parse(json.out) as { addresses: object[]; unavailable: object[] }
    expect(unavailable).to.deep.equal([])
    expect(addresses).to.have.length(1)
    expect(addresses[0]).to.include({ source: 'lease', mac: '52:54:00:0a:0b:0c', address: '10.77.1.9', prefix: 24 })
    const list = await lab().vm('list', 'leased', '--ip', '-i', lab().both)
    expect(list.out).to.match(/IP\nleased .* 10\.77\.1\.9\n$/)
  })

  it('gives up a libvirt that hangs, and leaves nothing open', async () => {
    const sockets = (): number => process.getActiveResourcesInfo().filter((one) => one.startsWith('TCP')).length
    const before = sockets()
    await lab().native(1, `pkill -STOP -x ${DAEMON}`)
    try {
      const { code, out, err } = await lab().vm('list', '-i', lab().both)
      expect(code).to.equal(4)
      expect(out).to.match(/^db1 /m)
      expect(err).to.match(new RegExp(`no answer from ${lab().hosts[1]}: libvirt did not answer within 30 s`))
      await delay(500)
      expect(sockets()).to.be.at.most(before)
    } finally {
      await lab().native(1, `pkill -CONT -x ${DAEMON}`)
    }
  })
}
