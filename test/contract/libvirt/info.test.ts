import { expect } from 'chai'
import type { JsonObject } from '../../../core/events/json.ts'
import info from '../../../modules/libvirt/libvirt_info.ts'
import { type DrivenHost, runState } from '../module-driver.ts'
import { type LibvirtLab, openLibvirtLab } from './lab.ts'
import { roundsOf } from './rounds.ts'

const DOMAIN = (name: string) =>
  `<domain type='qemu'><name>${name}</name><memory unit='MiB'>64</memory><vcpu>2</vcpu><os><type arch='x86_64'>hvm</type></os><devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/srv/vfinfo/${name}.qcow2'/><target dev='vda' bus='virtio'/></disk><interface type='user'><mac address='52:54:00:aa:00:01'/></interface></devices></domain>`

describe('libvirt_info on a real libvirtd', function () {
  this.timeout(300_000)
  let lab: LibvirtLab
  let host: DrivenHost

  before(async () => {
    lab = await openLibvirtLab(1)
    host = lab.hosts[0]!
    await clean()
    await lab.native(
      0,
      `mkdir -p /srv/vfinfo && cd /srv/vfinfo && for n in vfi1 vfi2; do qemu-img create -q -f qcow2 $n.qcow2 8M; done
printf '%s' "${DOMAIN('vfi1')}" >1.xml; printf '%s' "${DOMAIN('vfi2')}" >2.xml; virsh -q define 1.xml; virsh -q define 2.xml; rm *.xml; virsh -q start --paused vfi1
virsh -q pool-define-as vfinfo dir --target /srv/vfinfo; virsh -q pool-start vfinfo
printf "<network><name>vfinfo</name><bridge name='vfinfobr'/><ip address='192.168.99.1' netmask='255.255.255.0'/></network>" >/tmp/n.xml; virsh -q net-define /tmp/n.xml; rm /tmp/n.xml`,
    )
  })
  after(async () => {
    await clean()
    await lab.close()
  })
  async function clean(): Promise<void> {
    await lab.native(
      0,
      '(for n in vfi1 vfi2; do virsh destroy $n; virsh undefine $n; done; virsh net-undefine vfinfo; virsh pool-destroy vfinfo; virsh pool-undefine vfinfo; rm -rf /srv/vfinfo) >/dev/null 2>&1; true',
    )
  }
  const read = async (input: JsonObject): Promise<JsonObject> => (await runState(info, host, input)).result

  it('is one round trip without details, and two with them for any number of names', async () => {
    const all = ['node', 'capabilities', 'domains', 'networks', 'pools']
    expect((await roundsOf(host, () => read({ gather_subset: all }))).rounds).to.be.at.most(1)
    expect((await roundsOf(host, () => read({ gather_subset: all, details: true }))).rounds).to.be.at.most(2)
    expect((await roundsOf(host, () => read({ gather_subset: 'all', details: true }))).rounds).to.be.at.most(3)
  })

  it('says what virsh says', async () => {
    const found = await read({})
    expect(found.available).to.equal(true)
    expect((found.node as JsonObject).hostname).to.equal(await lab.native(0, 'virsh hostname'))
    expect(String((found.node as JsonObject).cpus)).to.equal(await lab.native(0, 'nproc'))
    const domains = (found.domains as JsonObject[]).map(({ name, state, reason, vcpus, max_memory_kib }) =>
      [name, state, reason, vcpus, max_memory_kib].join(),
    )
    expect(domains).to.include.members(['vfi1,paused,user,2,65536', 'vfi2,shut off,unknown,2,65536'])
    expect((found.networks as JsonObject[]).find((one) => one.name === 'vfinfo')).to.include({
      active: false,
      persistent: true,
    })
  })

  it('reads only what is asked for, with what definitions tell', async () => {
    const found = await read({ gather_subset: 'domains,volumes', domains: 'vfi2', pools: 'vfinfo', details: true })
    expect(Object.keys(found).sort()).to.deep.equal(['available', 'domains', 'pools'])
    const [domain] = found.domains as JsonObject[]
    expect(found.domains).to.have.length(1)
    expect(domain?.disks).to.deep.equal([
      {
        target: 'vda',
        device: 'disk',
        type: 'file',
        source: '/srv/vfinfo/vfi2.qcow2',
        format: 'qcow2',
        readonly: false,
        shareable: false,
      },
    ])
    expect(domain?.interfaces).to.deep.equal([{ mac: '52:54:00:aa:00:01', type: 'user', source: null }])
    const [pool] = found.pools as JsonObject[]
    expect(pool).to.include({ name: 'vfinfo', type: 'dir', path: '/srv/vfinfo', active: true })
    expect(String(pool?.capacity)).to.equal(
      await lab.native(0, "virsh pool-info --bytes vfinfo | awk '/Capacity/ {print $2}'"),
    )
    expect(
      (pool!.volumes as JsonObject[]).map(({ name, capacity, format, backing }) => [name, capacity, format, backing]),
    ).to.deep.equal([
      ['vfi1.qcow2', 8388608, 'qcow2', null],
      ['vfi2.qcow2', 8388608, 'qcow2', null],
    ])
    const networks = await read({ gather_subset: 'networks', networks: 'vfinfo', details: true })
    expect((networks.networks as JsonObject[])[0]).to.include({ bridge: 'vfinfobr', forward: null })
  })

  it('changes nothing', async () => {
    const writes = host.writes()
    expect((await runState(info, host, { gather_subset: 'all', details: true })).changes).to.deep.equal([])
    expect(host.writes()).to.equal(writes)
  })
})
