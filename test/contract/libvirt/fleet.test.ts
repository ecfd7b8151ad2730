import { expect } from 'chai'
import domain from '../../../modules/libvirt/libvirt_domain.ts'
import migrate from '../../../modules/libvirt/libvirt_migrate.ts'
import network from '../../../modules/libvirt/libvirt_network.ts'
import vms from '../../../modules/libvirt/libvirt_vms.ts'
import { runFleet, runState } from '../module-driver.ts'
import { type LibvirtLab, openLibvirtLab } from './lab.ts'

const NETWORK = {
  name: 'vffleet',
  mode: 'isolated',
  bridge: 'vfbr8',
  address: '192.168.87.1/24',
  dhcp_start: '192.168.87.10',
  dhcp_end: '192.168.87.99',
}
const VMS = {
  count: 4,
  pattern: 'vf%02d',
  fleet: 'contract',
  base: '/var/lib/vfvms/base.qcow2',
  path: '/var/lib/vfvms',
  memory: '64MiB',
  network: 'vffleet',
}
const GONE = { ...VMS, state: 'absent', shutdown_timeout: 0, shutdown_policy: 'destroy' }

describe('libvirt fleet modules on two real hypervisors', function () {
  this.timeout(300_000)
  let lab: LibvirtLab

  const both = async (command: string) => [await lab.native(0, command), await lab.native(1, command)]

  before(async () => {
    lab = await openLibvirtLab(2)
    await clean()
    await both('mkdir -p /var/lib/vfvms; qemu-img create -q -f qcow2 /var/lib/vfvms/base.qcow2 64M')
    for (const host of lab.hosts) await runState(network, host, NETWORK)
  })

  after(async () => {
    await clean()
    await lab.close()
  })

  async function clean(): Promise<void> {
    await both(
      'for d in vf01 vf02 vf03 vf04 vfmove; do virsh destroy $d; virsh undefine $d; done >/dev/null 2>&1; (virsh net-destroy vffleet; virsh net-undefine vffleet) >/dev/null 2>&1; rm -rf /var/lib/vfvms /var/lib/virtfleet/vms/contract; true',
    )
  }

  it('touches nothing while a host is silent', async () => {
    await runFleet(vms, lab.hosts, VMS, { silent: [lab.hosts[1]!.name] }).then(
      () => expect.fail('went on'),
      (error: Error) => expect(error.message).to.include(lab.hosts[1]!.name).and.to.include('vf01, vf02, vf03, vf04'),
    )
    expect(await both('virsh -q list --all --name')).to.deep.equal(['', ''])
  })

  it('spreads machines over the hosts, and says nothing the second time', async () => {
    const round = await runFleet(vms, lab.hosts, VMS)
    expect(round.failures).to.deep.equal([])
    expect(round.left).to.deep.equal([])
    expect((await both('virsh -q list --name | sort | xargs')).map((l) => l.split(' ').length)).to.deep.equal([2, 2])
    expect(
      await lab.native(
        0,
        'for f in /var/lib/vfvms/vf0*.qcow2; do qemu-img info -U --output=json $f | grep backing-filename-format; done',
      ),
    ).to.include('qcow2')
    expect((await runFleet(vms, lab.hosts, VMS)).items).to.deep.equal([])
  })

  it('gives each machine a seed, renews it when it is to be another one, and takes it away with the machine', async () => {
    await runFleet(vms, lab.hosts, GONE)
    const cloud = (packages: string[]) => ({
      ...VMS,
      count: 2,
      address: '192.168.87.50/24',
      gateway: '192.168.87.1',
      cloud_init: { user_data: { packages } },
      anti_affinity: [['vf01', 'vf02']],
    })
    const made = await runFleet(vms, lab.hosts, cloud(['nginx']))
    expect(made.failures).to.deep.equal([])
    expect(made.left).to.deep.equal([])
    const seeds = await both('ls /var/lib/vfvms | grep seed | sort | xargs')
    expect(seeds.sort()).to.deep.equal(['vf01-seed.iso', 'vf02-seed.iso'])
    expect(
      (await both('cat /var/lib/vfvms/*-seed.iso | grep -a -h -e local-hostname -e addresses: -A1')).join(),
    ).to.match(/192\.168\.87\.5[01]\/24/)
    expect((await runFleet(vms, lab.hosts, cloud(['nginx']))).items).to.deep.equal([])
    const again = await runFleet(vms, lab.hosts, cloud(['nginx', 'curl']))
    expect(again.items.length).to.equal(2)
    expect(again.left).to.deep.equal([])
    await runFleet(vms, lab.hosts, { ...GONE, count: 2 })
    expect(await both('ls /var/lib/vfvms | grep vf0 || true')).to.deep.equal(['', ''])
  })

  it('does not replace a seed that it did not make', async () => {
    await both('echo precious > /var/lib/vfvms/vf01-seed.iso')
    const { failures } = await runFleet(vms, lab.hosts, { ...VMS, count: 1, cloud_init: {} })
    expect(failures.join()).to.include('vf01-seed.iso is already on')
    expect(await both('cat /var/lib/vfvms/vf01-seed.iso; rm /var/lib/vfvms/vf01-seed.iso')).to.deep.equal([
      'precious',
      'precious',
    ])
  })

  it('takes as many round trips for four machines as for one', async () => {
    await runFleet(vms, lab.hosts, GONE)
    const count = async (machines: number): Promise<number> => {
      const before = lab.hosts[0]!.writes()
      const task = {
        ...VMS,
        count: machines,
        overrides: Array.from({ length: machines }, (_, i) => ({ name: `vf0${i + 1}`, host: lab.hosts[0]!.name })),
      }
      expect((await runFleet(vms, lab.hosts, task)).failures).to.deep.equal([])
      const writes = lab.hosts[0]!.writes() - before
      await runFleet(vms, lab.hosts, GONE)
      return writes
    }
    expect(await count(4)).to.equal(await count(1))
  })

  it('removes what its journal says, and refuses a file that is not its own', async () => {
    expect(await both('ls /var/lib/vfvms /var/lib/virtfleet/vms/contract | grep vf0 || true')).to.deep.equal(['', ''])
    await both('echo precious > /var/lib/vfvms/vf01.qcow2')
    const { failures } = await runFleet(vms, lab.hosts, VMS)
    expect(failures.join()).to.match(/^vf01: .*this fleet did not make it$/)
    expect(await both('cat /var/lib/vfvms/vf01.qcow2; rm /var/lib/vfvms/vf01.qcow2')).to.deep.equal([
      'precious',
      'precious',
    ])
    // The others stand.
    expect(
      (await both('virsh -q list --name | sort | xargs')).join(' ').split(' ').sort().filter(Boolean),
    ).to.deep.equal(['vf02', 'vf03', 'vf04'])
    await runFleet(vms, lab.hosts, GONE)
  })

  it('refuses a machine that is not its own or is there twice, and makes the others', async () => {
    const xml = (name: string, uuid: string): string =>
      `<domain type="qemu"><name>${name}</name><uuid>${uuid}</uuid><memory>65536</memory><os><type>hvm</type></os></domain>`
    const stranger = xml('vf01', '0b6d3e57-5a3c-4f3e-9f6e-0123456789ab')
    await lab.native(0, `echo '${stranger}' >/tmp/vf01.xml && virsh -q define /tmp/vf01.xml`)
    const [own] = (await runFleet(vms, lab.hosts, { ...VMS, names: ['vf02'], count: undefined, pattern: undefined }))
      .items
    expect(own).to.match(/^make vf02 @ /)
    const there = (await both('virsh -q list --all --name')).findIndex((names) => names.includes('vf02'))
    const uuid = await lab.native(there, 'virsh domuuid vf02')
    await lab.native(1 - there, `echo '${xml('vf02', uuid)}' >/tmp/vf02.xml && virsh -q define /tmp/vf02.xml`)
    const { failures } = await runFleet(vms, lab.hosts, VMS)
    expect(failures.sort().join('\n')).to.match(
      /^vf01: the domain 'vf01' on \S+ is not of the fleet 'contract'.*\nvf02: VM 'vf02' is on more than one host/,
    )
    expect((await both('virsh -q list --name | xargs')).join(' '))
      .to.match(/vf03/)
      .and.to.match(/vf04/)
    await lab.native(1 - there, 'virsh -q undefine vf02')
    await lab.native(0, 'virsh -q undefine vf01')
    await runFleet(vms, lab.hosts, GONE)
  })

  it('grows the disk of a machine that is there, running or not, and never shrinks one', async () => {
    const task = { ...VMS, count: 2, disk_size: '80M' }
    const sizes =
      'cd /var/lib/vfvms; for f in vf0*.qcow2; do [ -e $f ] && qemu-img info -U $f | grep -o "[0-9]* bytes"; done; true'
    const seen = async () => (await both(sizes)).join(' ').match(/\d+/g)
    await runFleet(vms, lab.hosts, task)
    expect(await seen()).to.deep.equal([String(80 << 20), String(80 << 20)])
    await lab.native(0, 'for d in vf01 vf02; do virsh -q destroy $d; done >/dev/null 2>&1; true')
    const round = await runFleet(vms, lab.hosts, { ...task, disk_size: '96M' })
    expect(round.failures).to.deep.equal([])
    expect(round.left).to.deep.equal([])
    expect(await seen()).to.deep.equal([String(96 << 20), String(96 << 20)])
    const { failures } = await runFleet(vms, lab.hosts, { ...task, disk_size: '90M' })
    expect(failures.sort()).to.have.length(2)
    expect(failures.join()).to.match(/vf01: .*a disk is never shrunk/)
    // What a new disk has where the task says nothing is nothing that one that is there is held to.
    const silent = { ...task, base: undefined, disk_size: undefined }
    expect((await runFleet(vms, lab.hosts, silent)).items).to.deep.equal([])
    await runFleet(vms, lab.hosts, GONE)
  })

  it('gives machines disks and interfaces of their own, and more of them while they run', async () => {
    await lab.native(0, 'qemu-img create -q -f qcow2 /var/lib/vfvms/other.qcow2 32M')
    await lab.native(1, 'qemu-img create -q -f qcow2 /var/lib/vfvms/other.qcow2 32M')
    const name = lab.hosts[0]!.name
    const task = {
      ...VMS,
      network: undefined,
      count: 2,
      interfaces: [{ network: 'vffleet' }],
      disks: [{}, { size: '8M', path: '/var/lib/vfvms/fast' }],
      overrides: [
        { name: 'vf01', host: name },
        { name: 'vf02', host: name, base: '/var/lib/vfvms/other.qcow2', memory: '48MiB', variables: { agent: false } },
      ],
    }
    const round = await runFleet(vms, lab.hosts, task)
    expect(round.failures).to.deep.equal([])
    expect(round.left).to.deep.equal([])
    const disks = (vm: string) => lab.native(0, `virsh -q domblklist ${vm} | awk '{print $1, $2}' | xargs`)
    expect(await disks('vf01')).to.equal('vda /var/lib/vfvms/vf01.qcow2 vdb /var/lib/vfvms/fast/vf01-vdb.qcow2')
    expect(
      await lab.native(0, 'qemu-img info -U /var/lib/vfvms/vf02.qcow2 | grep -o "other.qcow2" | head -n 1'),
    ).to.equal('other.qcow2')
    expect((await runFleet(vms, lab.hosts, task)).items).to.deep.equal([])
    const more = {
      ...task,
      disks: [...task.disks, { size: '4M' }],
      interfaces: [{ network: 'vffleet' }, { network: 'vffleet', model: 'e1000' }],
    }
    const grown = await runFleet(vms, lab.hosts, more)
    expect(grown.failures).to.deep.equal([])
    expect(grown.left).to.deep.equal([])
    for (const from of ['', '--inactive ']) {
      expect(await lab.native(0, `virsh -q domblklist ${from}vf01 | awk '{print $1}' | xargs`)).to.equal('vda vdb vdc')
      expect(await lab.native(0, `virsh -q domiflist ${from}vf02 | awk '{print $4}' | xargs`)).to.equal('virtio e1000')
    }
    const macs = await lab.native(
      0,
      `for d in vf01 vf02; do virsh -q domiflist $d | awk '{print $5}'; done | sort -u | wc -l`,
    )
    expect(macs).to.equal('4')
    // What is taken out of the lists stays.
    expect((await runFleet(vms, lab.hosts, task)).items).to.deep.equal([])
    await runFleet(vms, lab.hosts, { ...GONE, network: undefined, count: 2 })
    expect(await lab.native(0, 'find /var/lib/vfvms -name "vf0*"; ls /var/lib/virtfleet/vms/contract')).to.equal('')
  })

  it('restarts a machine for what it cannot have while it runs, where it may', async () => {
    const task = { ...VMS, count: 1, overrides: [{ name: 'vf01', host: lab.hosts[0]!.name }] }
    await runFleet(vms, lab.hosts, task)
    const declared = () => lab.native(0, 'virsh dumpxml --inactive vf01 | grep -o "<memory[^/]*"')
    const running = () => lab.native(0, 'virsh domid vf01; virsh dumpxml vf01 | grep -o "<memory[^/]*"')
    const before = await running()
    const larger = { ...task, memory: '72MiB', shutdown_timeout: 0, shutdown_policy: 'destroy' }
    const pending = await runFleet(vms, lab.hosts, larger)
    expect(pending.failures).to.deep.equal([])
    expect(pending.waits).to.deep.equal(['vf01 live.memory'])
    expect([await running(), await declared()]).to.deep.equal([before, "<memory unit='KiB'>73728<"])
    const round = await runFleet(vms, lab.hosts, { ...larger, restart: 'if_needed' })
    expect(round.failures).to.deep.equal([])
    expect(round.left).to.deep.equal([])
    expect(await running()).to.match(/^\d+\n+<memory unit='KiB'>73728<$/)
    expect((await runFleet(vms, lab.hosts, { ...larger, restart: 'if_needed' })).items).to.deep.equal([])
  })

  it('leaves a machine on its snapshot, and takes a new disk back that it cannot have', async () => {
    const task = { ...VMS, count: 1, memory: '72MiB', overrides: [{ name: 'vf01', host: lab.hosts[0]!.name }] }
    await runFleet(vms, lab.hosts, task)
    await lab.native(
      0,
      'virsh -q snapshot-create-as vf01 s1 --disk-only --no-metadata --diskspec vda,file=/var/lib/vfvms/vf01.s1',
    )
    const definition = () => lab.native(0, 'virsh dumpxml --inactive vf01')
    const before = await definition()
    const round = await runFleet(vms, lab.hosts, task)
    expect(round.waits).to.deep.equal(['vf01 image.vda'])
    expect(await definition()).to.equal(before)
    const wider = (nic: object) => ({
      ...task,
      network: undefined,
      disks: [{}, { size: '4M' }],
      interfaces: [{ network: 'vffleet' }, { network: 'vffleet', ...nic }],
    })
    const files = () => lab.native(0, 'ls /var/lib/vfvms | grep vdb; cat /var/lib/virtfleet/vms/contract/vf01.json')
    // More than the machine type has.
    const { failures } = await runFleet(vms, lab.hosts, { ...wider({}), vcpus: 300 })
    expect(failures.join()).to.match(/^vf01: /)
    expect(await definition()).to.equal(before)
    expect(await files()).to.match(/^\{.*"files":\["\/var\/lib\/vfvms\/vf01.qcow2"\]/)
    // Found out behind the disk, which the guest has by then and does not let go: it has no system.
    const late = await runFleet(vms, lab.hosts, wider({ network: 'nowhere' }))
    expect(late.failures.join()).to.match(/^vf01: attach interface[\s\S]*nowhere/)
    expect(await definition()).to.equal(before)
    expect(await files()).to.match(/^vf01-vdb.qcow2\n\{.*vf01-vdb.qcow2"\]/)
    const good = await runFleet(vms, lab.hosts, wider({}))
    expect(good.failures).to.deep.equal([])
    expect(good.waits).to.deep.equal(['vf01 image.vda'])
    const refused = await runFleet(vms, lab.hosts, { ...GONE, count: 1 })
    expect(refused.failures.join()).to.include('vf01.s1 needs its file /var/lib/vfvms/vf01.qcow2')
    await lab.native(0, 'virsh -q blockcommit vf01 vda --active --pivot --wait >/dev/null && rm /var/lib/vfvms/vf01.s1')
    expect((await runFleet(vms, lab.hosts, { ...GONE, count: 1 })).failures).to.deep.equal([])
    expect(await lab.native(0, 'find /var/lib/vfvms -name "vf0*"; ls /var/lib/virtfleet/vms/contract')).to.equal('')
  })

  it('goes on with what a killed run began', async () => {
    await runFleet(vms, lab.hosts, { ...VMS, state: 'stopped' })
    await both('for d in $(virsh -q list --all --name); do virsh undefine $d; done')
    const round = await runFleet(vms, lab.hosts, VMS)
    expect(round.failures).to.deep.equal([])
    expect(round.left).to.deep.equal([])
    expect((await both('virsh -q list --name | sort | xargs')).join(' ').split(' ').sort()).to.deep.equal([
      'vf01',
      'vf02',
      'vf03',
      'vf04',
    ])
    await runFleet(vms, lab.hosts, GONE)
  })

  it('does not remove a machine whose disk a foreign image is on top of', async () => {
    const task = { ...VMS, count: 2, overrides: ['vf01', 'vf02'].map((name) => ({ name, host: lab.hosts[0]!.name })) }
    await runFleet(vms, lab.hosts, task)
    const disk = '/var/lib/vfvms/vf01.qcow2'
    await lab.native(0, `qemu-img create -q -f qcow2 -b ${disk} -F qcow2 /var/lib/vfvms/foreign.qcow2`)
    const { failures } = await runFleet(vms, lab.hosts, { ...GONE, count: 2 })
    expect(failures.map(String).join()).to.include(`foreign.qcow2 needs its file ${disk}`)
    expect(await lab.native(0, `virsh -q list --name; ls ${disk}; rm /var/lib/vfvms/foreign.qcow2`)).to.match(
      /^vf01\s+\/var\/lib\/vfvms\/vf01.qcow2$/,
    )
    expect((await runFleet(vms, lab.hosts, GONE)).failures).to.deep.equal([])
    expect(await both('ls /var/lib/vfvms | grep vf0 || true')).to.deep.equal(['', ''])
  })

  it('removes nothing of a machine whose file an image on another host may be on top of', async () => {
    const [here] = lab.hosts
    const overrides = ['vf01', 'vf02'].map((name) => ({ name, host: here!.name }))
    expect((await runFleet(vms, lab.hosts, { ...VMS, count: 2, overrides })).failures).to.deep.equal([])
    const disk = '/var/lib/vfvms/vf01.qcow2'
    await lab.native(
      1,
      `qemu-img create -q -f qcow2 ${disk} 64M; qemu-img create -q -f qcow2 -b ${disk} -F qcow2 /var/lib/vfvms/clone.qcow2`,
    )
    const gone = { ...GONE, count: 2 }
    // Where it is not known what a folder is on, it may be what another host sees, too.
    await lab.native(1, 'mv /usr/bin/findmnt /usr/bin/findmnt.off')
    const announced = await runFleet(vms, lab.hosts, gone, { check: true })
    const { failures } = await runFleet(vms, lab.hosts, gone)
    await lab.native(1, 'mv /usr/bin/findmnt.off /usr/bin/findmnt')
    expect(announced.items).to.have.length(2)
    expect(failures).to.deep.equal([
      `vf01: VM 'vf01' is not removed: /var/lib/vfvms/clone.qcow2 needs its file ${disk}`,
    ])
    expect(await lab.native(0, `virsh -q list --name --all; ls ${disk}`)).to.match(/^vf01\s+\/var/)
    // Local folders of one name are none of one another's business.
    expect((await runFleet(vms, lab.hosts, gone)).failures).to.deep.equal([])
    await lab.native(1, `rm ${disk} /var/lib/vfvms/clone.qcow2`)
    expect(await both('ls /var/lib/vfvms | grep vf0 || true')).to.deep.equal(['', ''])
  })

  it('removes a machine only behind those on top of its disk, and not where one of these stays', async () => {
    const here = (name: string) => ({ ...VMS, count: undefined, pattern: undefined, names: [name], placement: 'pack' })
    const on = (...names: string[]) => names.map((name) => ({ name, host: lab.hosts[0]!.name }))
    const disk = '/var/lib/vfvms/vf01.qcow2'
    await runFleet(vms, lab.hosts, { ...here('vf01'), state: 'stopped', overrides: on('vf01') })
    await runFleet(vms, lab.hosts, { ...here('vf02'), base: disk, overrides: on('vf02') })
    const gone = { fleet: VMS.fleet, path: VMS.path, names: ['vf01', 'vf02'], state: 'absent', shutdown_timeout: 1 }
    // There is no system in it that would hear of the power button.
    const { failures } = await runFleet(vms, lab.hosts, { ...gone, shutdown_policy: 'fail' })
    expect(failures).to.have.length(2)
    expect(failures.join()).to.include('vf01: not tried: vf02 failed before')
    expect(await lab.native(0, `virsh -q list --all --name | sort | xargs; ls ${disk}`)).to.equal(`vf01 vf02\n${disk}`)
    // One that nobody can tell from another is not on its way, and needs what is below it.
    await lab.native(
      1,
      `echo '<domain type="qemu"><name>vf02</name><uuid>${await lab.native(0, 'virsh domuuid vf02')}</uuid><memory>65536</memory><os><type>hvm</type></os></domain>' >/tmp/vf02.xml && virsh -q define /tmp/vf02.xml`,
    )
    const twice = await runFleet(vms, lab.hosts, { ...gone, shutdown_policy: 'destroy' })
    expect(twice.failures.sort().join('\n')).to.match(
      /^vf01: VM 'vf01' is not removed: \S*vf02\S* needs its file \S*vf01.qcow2\nvf02: VM 'vf02' is on more than one host/,
    )
    expect(await lab.native(0, `ls ${disk}`)).to.equal(disk)
    await lab.native(1, 'virsh -q undefine vf02')
    expect((await runFleet(vms, lab.hosts, { ...gone, shutdown_policy: 'destroy' })).failures).to.deep.equal([])
    expect(await both('ls /var/lib/vfvms | grep vf0 || true')).to.deep.equal(['', ''])
  })

  it('keeps in its journal what a run before made elsewhere', async () => {
    const task = { ...VMS, count: 1, state: 'stopped', overrides: [{ name: 'vf01', host: lab.hosts[0]!.name }] }
    await runFleet(vms, lab.hosts, { ...task, path: '/var/lib/vfvms/old' })
    await lab.native(0, 'virsh undefine vf01')
    expect((await runFleet(vms, lab.hosts, task)).failures).to.deep.equal([])
    expect(await lab.native(0, 'ls /var/lib/vfvms/vf01.qcow2 /var/lib/vfvms/old/vf01.qcow2 | wc -l')).to.equal('2')
    expect((await runFleet(vms, lab.hosts, { ...GONE, count: 1 })).failures).to.deep.equal([])
    expect(await lab.native(0, 'find /var/lib/vfvms -name "vf0*"; ls /var/lib/virtfleet/vms/contract')).to.equal('')
  })

  it('makes nothing where the journal cannot be written', async () => {
    await both(
      'rm -rf /var/lib/virtfleet/vms/contract; mkdir -p /var/lib/virtfleet/vms; touch /var/lib/virtfleet/vms/contract',
    )
    const { failures } = await runFleet(vms, lab.hosts, { ...VMS, count: 2, cloud_init: {} })
    await both('rm /var/lib/virtfleet/vms/contract')
    expect(failures.join('\n')).to.match(/vf01: the disk of 'vf01' was not made: .*contract/)
    expect(await both('virsh -q list --all --name; ls /var/lib/vfvms | grep vf0 || true')).to.deep.equal(['', ''])
  })

  it('migrates a running guest through the controller, with its autostart, and no key on the hosts', async () => {
    const [here, there] = lab.hosts
    const task = {
      name: 'vfmove',
      state: 'running',
      autostart: true,
      template: 'domain.xml.njk',
      variables: {
        acceleration: 'tcg',
        memory_mib: 64,
        interfaces: [{ mac: '52:54:00:87:00:01', network: 'vffleet' }],
      },
    }
    await runState(domain, here!, task)
    const uuid = await lab.native(0, 'virsh domuuid vfmove')
    const round = await runFleet(migrate, lab.hosts, { name: 'vfmove', to: there!.name })
    expect(round.failures).to.deep.equal([])
    expect(round.left).to.deep.equal([])
    expect(
      await lab.native(
        1,
        'virsh domstate --reason vfmove; virsh domuuid vfmove; virsh dominfo vfmove | grep -E "^(Persistent|Autostart):" | tr -s " "',
      ),
    ).to.equal(`running (migrated)\n\n${uuid}\n\nPersistent: yes\nAutostart: enable`)
    expect(await lab.native(0, 'virsh -q list --all --name')).not.to.include('vfmove')
    expect((await runFleet(migrate, lab.hosts, { name: 'vfmove', to: there!.name })).items).to.deep.equal([])
    expect(await both('ls /tmp /var/tmp /var/lib/virtfleet 2>/dev/null | grep "^virtfleet\\." || true')).to.deep.equal([
      '',
      '',
    ])
  })

  it('leaves the guest where it runs when memory cannot travel, and when something is in the way', async () => {
    const [here] = lab.hosts
    const failed = await runFleet(migrate, lab.hosts, { name: 'vfmove', to: here!.name, migrate_address: '127.0.0.2' })
    expect(failed.failures.join()).to.include('was not migrated')
    expect(await lab.native(1, 'virsh domstate vfmove')).to.equal('running')
    expect(await lab.native(0, 'virsh -q list --all --name')).not.to.include('vfmove')
    await lab.native(0, 'virsh net-destroy vffleet')
    await runFleet(migrate, lab.hosts, { name: 'vfmove', to: here!.name }).then(
      () => expect.fail('went on'),
      (error: Error) => expect(error.message).to.include("network 'vffleet' does not run"),
    )
  })
})
