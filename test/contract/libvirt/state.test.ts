import { expect } from 'chai'
import domain from '../../../modules/libvirt/libvirt_domain.ts'
import hypervisor from '../../../modules/libvirt/libvirt_host.ts'
import network from '../../../modules/libvirt/libvirt_network.ts'
import pool from '../../../modules/libvirt/libvirt_pool.ts'
import volume from '../../../modules/libvirt/libvirt_volume.ts'
import { checkState, type DrivenHost, runState } from '../module-driver.ts'
import { type LibvirtLab, openLibvirtLab } from './lab.ts'

const NETWORK = {
  name: 'vf net',
  mode: 'isolated',
  bridge: 'vfbr7',
  address: '192.168.77.1/24',
  dhcp_start: '192.168.77.10',
  dhcp_end: '192.168.77.99',
}
const POOL = { name: 'vfpool', type: 'dir', path: '/var/lib/vfpool' }
const VOLUME = { pool: 'vfpool', name: 'data 1.qcow2', capacity: '64M' }
const VARIABLES = {
  acceleration: 'tcg',
  memory_mib: 64,
  disks: [{ source: '/var/lib/vfpool/data 1.qcow2' }],
  interfaces: [{ mac: '52:54:00:77:00:01', network: 'vf net' }],
}
const DOMAIN = { name: 'vf guest', template: 'domain.xml.njk', variables: VARIABLES }

describe('libvirt modules on a real libvirtd', function () {
  this.timeout(300_000)
  let lab: LibvirtLab
  let host: DrivenHost
  let checking: DrivenHost

  before(async () => {
    lab = await openLibvirtLab(1)
    host = lab.hosts[0]!
    checking = lab.checking[0]!
    await clean()
  })

  after(async () => {
    await clean()
    await lab.close()
  })

  async function clean(): Promise<void> {
    const quiet = [
      "virsh destroy 'vf guest'",
      "virsh undefine 'vf guest' --managed-save",
      'virsh pool-destroy vfpool',
      'virsh pool-undefine vfpool',
      "virsh net-destroy 'vf net'",
      "virsh net-undefine 'vf net'",
      'rm -rf /var/lib/vfpool',
    ]
    await lab.native(0, `(${quiet.join('; ')}) >/dev/null 2>&1; true`)
  }

  it('finds a hypervisor in order, and says what it is', async () => {
    const round = await runState(hypervisor, host, { acceleration: 'auto' })
    expect(round.left).to.deep.equal([])
    expect(round.result.acceleration).to.be.oneOf(['kvm', 'tcg'])
    expect(round.result.host_uuid).to.match(/^[0-9a-f-]{36}$/)
    expect((round.result.versions as { library: string }).library).to.match(/^\d+\.\d+\.\d+$/)
  })

  it('makes a network, changes it while it runs, and says nothing the second time', async () => {
    expect(await checkState(network, checking, NETWORK)).to.have.length(1)
    expect(await lab.native(0, 'virsh -q net-list --all --name')).not.to.include('vf net')
    expect((await runState(network, host, NETWORK)).left).to.deep.equal([])
    expect(await lab.native(0, "virsh net-info 'vf net' | grep -E '^(Active|Autostart)' | tr -s ' '")).to.equal(
      'Active: yes\nAutostart: yes',
    )
    expect((await runState(network, host, NETWORK)).changes).to.deep.equal([])
    const withHost = { ...NETWORK, hosts: [{ mac: '52:54:00:77:00:01', ip: '192.168.77.50', name: 'guest' }] }
    expect((await runState(network, host, withHost)).left).to.deep.equal([])
    expect(await lab.native(0, "virsh net-dumpxml 'vf net'")).to.include("ip='192.168.77.50'")
    expect((await runState(network, host, withHost)).changes).to.deep.equal([])
  })

  it('makes a pool and a volume, grows the volume, and never shrinks it', async () => {
    expect((await runState(pool, host, POOL)).left).to.deep.equal([])
    expect((await runState(pool, host, POOL)).changes).to.deep.equal([])
    expect((await runState(volume, host, VOLUME)).left).to.deep.equal([])
    expect((await runState(volume, host, VOLUME)).changes).to.deep.equal([])
    expect((await runState(volume, host, { ...VOLUME, capacity: '128M' })).left).to.deep.equal([])
    expect(await lab.native(0, "qemu-img info '/var/lib/vfpool/data 1.qcow2' | grep '^virtual'")).to.include('128 MiB')
    await runState(volume, host, VOLUME).then(
      () => expect.fail('shrunk'),
      (error: Error) => expect(error.message).to.include('never shrunk'),
    )
  })

  it('makes a domain in a check run only on paper', async () => {
    const dump = () => lab.native(0, 'virsh list --all --name; ls -lR /etc/libvirt/qemu; stat -c %Y /etc/libvirt/qemu')
    const before = await dump()
    expect(await checkState(domain, checking, { ...DOMAIN, state: 'running' })).to.have.length(1)
    expect(await dump()).to.equal(before)
  })

  it('makes and starts a domain, and says nothing the second time', async () => {
    const task = { ...DOMAIN, state: 'running', autostart: true }
    expect((await runState(domain, host, task)).left).to.deep.equal([])
    expect(await lab.native(0, "virsh domstate 'vf guest'")).to.equal('running')
    expect(await lab.native(0, "virsh dominfo 'vf guest' | grep Autostart: | tr -s ' '")).to.equal('Autostart: enable')
    const writes = host.writes()
    expect((await runState(domain, host, task)).changes).to.deep.equal([])
    expect(host.writes()).to.equal(writes)
  })

  it('attaches a disk to the running domain and to its definition', async () => {
    await lab.native(0, 'qemu-img create -q -f qcow2 /var/lib/vfpool/more.qcow2 16M')
    const task = { name: 'vf guest', disks: [{ target: 'vdb', source: '/var/lib/vfpool/more.qcow2' }] }
    expect((await runState(domain, host, task)).left).to.deep.equal([])
    for (const view of ['', '--inactive']) {
      expect(await lab.native(0, `virsh domblklist 'vf guest' ${view}`)).to.match(
        /vdb\s+\/var\/lib\/vfpool\/more\.qcow2/,
      )
    }
    expect((await runState(domain, host, task)).changes).to.deep.equal([])
    // What another task attached is not this one's business.
    expect((await runState(domain, host, { ...DOMAIN, state: 'running' })).changes).to.deep.equal([])
  })

  it('reports what waits for the next boot, once as a change and then as pending', async () => {
    const task = { ...DOMAIN, variables: { ...VARIABLES, memory_mib: 96 } }
    const first = await runState(domain, host, task)
    expect(first.changes.map((c) => `${c.path} ${c.effect}`)).to.deep.equal(['memory now', 'live.memory pending'])
    const second = await runState(domain, host, task)
    expect(second.changes.map((c) => `${c.path} ${c.effect}`)).to.deep.equal(['live.memory pending'])
  })

  it('mends a domain that was changed behind its back', async () => {
    await lab.native(
      0,
      "virsh destroy 'vf guest' && virsh setvcpus 'vf guest' 1 --config --maximum && virsh autostart --disable 'vf guest' && virsh setmaxmem 'vf guest' 48M --config",
    )
    const task = { ...DOMAIN, state: 'running', autostart: true }
    const round = await runState(domain, host, task)
    expect(round.changes.map((c) => c.path)).to.include.members(['memory', 'state', 'autostart'])
    expect(round.left).to.deep.equal([])
    expect(await lab.native(0, "virsh dominfo 'vf guest' | grep 'Max memory' | tr -s ' '")).to.equal(
      'Max memory: 65536 KiB',
    )
  })

  it('refuses to restart a network under guests, and to delete the disk of a domain', async () => {
    await runState(network, host, {
      ...NETWORK,
      address: '192.168.78.1/24',
      dhcp_start: '192.168.78.10',
      dhcp_end: '192.168.78.20',
    }).then(
      () => expect.fail('restarted'),
      (error: Error) => expect(error.message).to.include('guests are connected'),
    )
    await runState(volume, host, { ...VOLUME, state: 'absent' }).then(
      () => expect.fail('deleted'),
      (error: Error) => expect(error.message).to.include('is a disk of vf guest'),
    )
  })

  it('leaves nothing half done when a start fails', async () => {
    await lab.native(0, 'echo no image > /var/lib/vfpool/bad.qcow2')
    const task = {
      name: 'vf bad',
      state: 'running',
      template: 'domain.xml.njk',
      variables: { acceleration: 'tcg', memory_mib: 64, disks: [{ source: '/var/lib/vfpool/bad.qcow2' }] },
    }
    await runState(domain, host, task).then(
      () => expect.fail('started'),
      (error: Error) => expect(error.message).to.include('Image is not in qcow2 format'),
    )
    expect(await lab.native(0, 'virsh -q list --all --name')).not.to.include('vf bad')
  })

  it('removes a domain with its images, and leaves no temporary file', async () => {
    const task = {
      name: 'vf guest',
      state: 'absent',
      delete_storage: true,
      shutdown_timeout: 0,
      shutdown_policy: 'destroy',
    }
    expect((await runState(domain, host, task)).left).to.deep.equal([])
    expect(await lab.native(0, 'ls /var/lib/vfpool')).to.equal('bad.qcow2')
    expect((await runState(domain, host, task)).changes).to.deep.equal([])
    expect((await runState(pool, host, { name: 'vfpool', state: 'absent' })).left).to.deep.equal([])
    expect((await runState(network, host, { name: 'vf net', state: 'absent' })).left).to.deep.equal([])
    expect(await lab.native(0, 'ls /run /dev/shm | grep virtfleet || true')).to.equal('')
  })
})
