import { expect } from 'chai'
import type { z } from 'zod'
import type { Json, JsonObject } from '../../../core/events/json.ts'
import type { RunModule } from '../../../core/module/types.ts'
import virt from '../../../modules/libvirt/virt.ts'
import virtNet from '../../../modules/libvirt/virt_net.ts'
import virtPool from '../../../modules/libvirt/virt_pool.ts'
import virtVolume from '../../../modules/libvirt/virt_volume.ts'
import type { DrivenHost } from '../module-driver.ts'
import { type LibvirtLab, openLibvirtLab } from './lab.ts'

/*
 * What community.libvirt 1.2 (Debian's package ansible) answered to the same tasks on the same libvirt, seen from outside. Ours differ
 * where the comment of a row says so: changed of commands is true where something is done, and what is so already is no failure.
 */

const DOMAIN = (extra = '', vcpus = 1) =>
  `<domain type='qemu'><name>vfbb</name><memory unit='MiB'>32</memory><vcpu>${vcpus}</vcpu><os><type>hvm</type></os><devices><disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk><interface type='user'/>${extra}</devices></domain>`
const NETWORK = `<network><name>vfbbn</name><bridge name='vfbbbr'/><ip address='192.168.97.1' netmask='255.255.255.0'><dhcp><range start='192.168.97.10' end='192.168.97.20'/></dhcp></ip></network>`
const LEASE = `<host mac='FC:C2:33:00:6c:3c' name='my_vm' ip='192.168.97.15'/>`
const POOL = `<pool type='dir'><name>vfbbp</name><target><path>/srv/vfbbp</path></target></pool>`
const VOLUME = `<volume><name>v.qcow2</name><capacity unit='MiB'>1</capacity><target><format type='qcow2'/></target></volume>`

type Row = [input: JsonObject, answer: JsonObject | string, why?: string]

const VIRT: readonly Row[] = [
  [
    { command: 'define', xml: DOMAIN() },
    { changed: true, created: 'vfbb' },
  ],
  [{ command: 'define', xml: DOMAIN() }, { changed: false }],
  [
    { command: 'define', xml: DOMAIN(), autostart: true },
    { changed: true, change_reason: 'autostart' },
  ],
  [{ name: 'vfbb', autostart: true }, { changed: false }],
  [{ guest: 'vfbb', autostart: false }, { changed: true }],
  [{ command: 'define', xml: DOMAIN('', 2) }, { changed: true }],
  [{ command: 'define', xml: DOMAIN('', 2) }, { changed: false }],
  [
    { name: 'vfbb', command: 'status' },
    { changed: false, status: 'shutdown' },
  ],
  [{ command: 'virttype' }, { changed: false, virttype: 'QEMU' }],
  [{ name: 'vfbb', state: 'paused' }, 'does not run'],
  [
    { name: 'vfbb', state: 'running' },
    { changed: true, msg: 0 },
  ],
  [{ name: 'vfbb', state: 'running' }, { changed: false }],
  [{ name: 'vfbb', command: 'start' }, { changed: false, start: 0 }, 'Ansible fails: it runs already'],
  [
    { name: 'vfbb', command: 'status' },
    { changed: false, status: 'running' },
  ],
  [
    { name: 'vfbb', state: 'paused' },
    { changed: true, msg: 0 },
  ],
  [{ name: 'vfbb', state: 'paused' }, { changed: false }],
  [
    { name: 'vfbb', command: 'status' },
    { changed: false, status: 'paused' },
  ],
  [{ name: 'vfbb', command: 'unpause' }, { changed: true, unpause: 0 }, 'Ansible: changed is false'],
  [{ name: 'vfbb', command: 'pause' }, { changed: true, pause: 0 }, 'Ansible: changed is false'],
  [
    { name: 'vfbb', state: 'running' },
    { changed: true, msg: 0 },
  ],
  [{ name: 'vfbb', command: 'undefine' }, 'undefined, it would be gone', 'Ansible undefines what runs'],
  [
    { name: 'vfbb', state: 'shutdown' },
    { changed: true, msg: 0 },
  ],
  [
    { name: 'vfbb', state: 'destroyed' },
    { changed: true, msg: 0 },
  ],
  [{ name: 'vfbb', state: 'destroyed' }, { changed: false }],
  [{ name: 'vfbb', state: 'shutdown' }, { changed: false }],
  [{ name: 'vfbb', command: 'destroy' }, { changed: false, destroy: 0 }, 'Ansible fails: it does not run'],
  [{ name: 'vfbb', command: 'create' }, { changed: true, create: 0 }, 'Ansible: changed is false'],
  [{ name: 'vfbb', command: 'stop' }, { changed: true, stop: 0 }, 'Ansible 1.2 has a bug there'],
  [{ name: 'vfbb', command: 'destroy' }, { changed: true, destroy: 0 }, 'Ansible: changed is false'],
  [{ name: 'vfbb', command: 'undefine' }, { changed: true, undefine: 0 }, 'Ansible: changed is false'],
  [{ name: 'vfbb', command: 'undefine' }, 'virtual machine vfbb not found'],
  [{ name: 'vfbb', state: 'running' }, 'virtual machine vfbb not found'],
  [{ command: 'status' }, 'needs the argument name'],
]

const NET: readonly Row[] = [
  [
    { command: 'define', name: 'vfbbn', xml: NETWORK },
    { changed: true, created: 'vfbbn' },
  ],
  [{ command: 'define', name: 'vfbbn', xml: NETWORK }, { changed: false }],
  [
    { command: 'status', name: 'vfbbn' },
    { changed: false, status: 'inactive' },
  ],
  [{ state: 'present', name: 'vfbbn', xml: NETWORK }, { changed: false }],
  [
    { state: 'active', name: 'vfbbn' },
    { changed: true, msg: 0 },
  ],
  [{ state: 'active', network: 'vfbbn' }, { changed: false }],
  [
    { command: 'start', name: 'vfbbn' },
    { changed: false, start: null },
  ],
  [
    { command: 'create', name: 'vfbbn' },
    { changed: false, create: null },
  ],
  [
    { autostart: true, name: 'vfbbn' },
    { changed: true, msg: 0 },
  ],
  [{ autostart: true, name: 'vfbbn' }, { changed: false }],
  [
    { command: 'modify', name: 'vfbbn', xml: LEASE },
    { changed: true, modified: 'vfbbn' },
  ],
  [
    { command: 'modify', name: 'vfbbn', xml: LEASE },
    { changed: false, modified: 'vfbbn' },
  ],
  [
    { command: 'modify', name: 'vfbbn', xml: LEASE.replace('.15', '.16') },
    { changed: true, modified: 'vfbbn' },
  ],
  [
    { state: 'inactive', name: 'vfbbn' },
    { changed: true, msg: 0 },
  ],
  [{ state: 'inactive', name: 'vfbbn' }, { changed: false }],
  [
    { command: 'stop', name: 'vfbbn' },
    { changed: false, stop: null },
  ],
  [
    { command: 'destroy', name: 'vfbbn' },
    { changed: false, destroy: null },
  ],
  [
    { state: 'absent', name: 'vfbbn' },
    { changed: true, msg: 0 },
  ],
  [{ state: 'absent', name: 'vfbbn' }, { changed: false }],
  [
    { command: 'undefine', name: 'vfbbn' },
    { changed: false, undefine: null },
  ],
  [{ state: 'present', name: 'vfbbn' }, "network 'vfbbn' not present, but xml not specified"],
]

const POOLS: readonly Row[] = [
  [
    { command: 'define', name: 'vfbbp', xml: POOL },
    { changed: true, created: 'vfbbp' },
  ],
  [{ command: 'define', name: 'vfbbp', xml: POOL }, { changed: false }],
  [
    { command: 'build', name: 'vfbbp' },
    { changed: true, build: 0 },
  ],
  [{ command: 'list_pools' }, { changed: false, list_pools: ['vfbbp'] }],
  [
    { command: 'status', name: 'vfbbp' },
    { changed: false, status: 'inactive' },
  ],
  [
    { state: 'active', name: 'vfbbp' },
    { changed: true, msg: 0 },
  ],
  [{ state: 'active', pool: 'vfbbp' }, { changed: false }],
  [{ command: 'create', name: 'vfbbp' }, { changed: false, create: 0 }, 'Ansible fails: it is active already'],
  [{ command: 'refresh', name: 'vfbbp' }, { changed: true, refresh: 0 }, 'Ansible: changed is false'],
  [
    { autostart: true, name: 'vfbbp' },
    { changed: true, msg: 0 },
  ],
  [{ autostart: true, name: 'vfbbp' }, { changed: false }],
]

const VOLUMES: readonly Row[] = [
  [
    { pool: 'vfbbp', state: 'present', xml: VOLUME },
    { changed: true, created: 'v.qcow2' },
  ],
  [{ pool: 'vfbbp', state: 'present', xml: VOLUME }, { changed: false }],
  [
    { pool: 'vfbbp', command: 'create_from', clone_source: 'v.qcow2', xml: VOLUME.replace('v.qcow2', 'w.qcow2') },
    { changed: true, created: 'w.qcow2' },
  ],
  [
    { pool: 'vfbbp', command: 'list_volumes' },
    { changed: false, list_volumes: ['v.qcow2', 'w.qcow2'] },
  ],
  [
    { pool: 'vfbbp', volume: 'w.qcow2', command: 'wipe' },
    { changed: true, wipe: 0 },
  ],
  [
    { pool: 'vfbbp', name: 'w.qcow2', state: 'absent' },
    { changed: true, msg: 0 },
  ],
  [{ pool: 'vfbbp', name: 'w.qcow2', command: 'delete' }, { changed: false }],
  [{ pool: 'vfbbp', name: 'w.qcow2', command: 'get_xml' }, 'not found in pool'],
]

const POOLS_END: readonly Row[] = [
  [
    { state: 'inactive', name: 'vfbbp' },
    { changed: true, msg: 0 },
  ],
  [{ command: 'destroy', name: 'vfbbp' }, { changed: false, destroy: 0 }, 'Ansible fails: it is not active'],
  [{ command: 'delete', name: 'vfbbp' }, 'Directory not empty'],
  [
    { state: 'undefined', name: 'vfbbp' },
    { changed: true, msg: 0 },
  ],
  [{ state: 'undefined', name: 'vfbbp' }, { changed: false }],
  [{ command: 'undefine', name: 'vfbbp' }, 'storage pool vfbbp not found'],
]

// biome-ignore lint/suspicious/noExplicitAny: modules of four types
type AnyRun = RunModule<any, any>

describe("Ansible's names of community.libvirt on a real libvirtd", function () {
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
    await lab.native(
      0,
      '(virsh destroy vfbb; virsh undefine vfbb; virsh net-destroy vfbbn; virsh net-undefine vfbbn; virsh pool-destroy vfbbp; virsh pool-undefine vfbbp; rm -rf /srv/vfbbp) >/dev/null 2>&1; true',
    )
  }
  const parse = (module: AnyRun, input: Json) => (module.args as z.ZodType).parse(input)
  const read = async (module: AnyRun, input: Json): Promise<JsonObject> => module.run(host, parse(module, input))

  function rows(module: AnyRun, table: readonly Row[]): void {
    for (const [input, expected, why] of table) {
      const { xml: _xml, ...shown } = input
      it(`${module.name} ${JSON.stringify(shown)}${why === undefined ? '' : ` (${why})`}`, async () => {
        const args = parse(module, input)
        const failure = (error: Error): void => {
          expect(error.message).to.include(expected as string)
        }
        if (typeof expected === 'string') {
          await module.run(host, args).then(() => expect.fail('done'), failure)
          return
        }
        const writes = checking.writes()
        expect(await module.check?.(checking, args), 'a check run').to.deep.include({ changed: expected.changed })
        expect(checking.writes()).to.equal(writes)
        expect(await module.run(host, args)).to.deep.equal(expected)
      })
    }
  }

  describe('domains', () => {
    rows(virt, VIRT.slice(0, 10))
    it('tells of all of them what Ansible tells', async () => {
      const info = await read(virt, { command: 'info' })
      expect(info.vfbb).to.deep.equal({
        state: 'shutdown',
        maxMem: '32768',
        memory: '32768',
        nrVirtCpu: 2,
        cpuTime: '0',
        autostart: 0,
      })
      expect((await read(virt, { command: 'list_vms' })).list_vms).to.include('vfbb')
      expect((await read(virt, { command: 'list_vms', state: 'running' })).list_vms).not.to.include('vfbb')
      const node = await read(virt, { command: 'nodeinfo' })
      expect(Object.keys(node).sort()).to.deep.equal(
        'changed cpucores cpumhz cpumodel cpus cputhreads numanodes phymemory sockets'.split(' '),
      )
      expect(node.cpus).to.equal(await lab.native(0, 'nproc'))
      expect((await read(virt, { command: 'freemem' })).freemem).to.be.greaterThan(1e6)
      expect((await read(virt, { name: 'vfbb', command: 'get_xml' })).get_xml).to.include('<name>vfbb</name>')
    })
    it('keeps UUID and MAC where the definition has none', async () => {
      const identity = () => lab.native(0, "virsh dumpxml vfbb | grep -E '<uuid>|<mac '")
      const before = await identity()
      await read(virt, { command: 'define', xml: DOMAIN().replace('32<', '48<') })
      expect(await identity()).to.equal(before)
      await read(virt, { command: 'define', xml: DOMAIN('', 2) })
    })
    rows(virt, VIRT.slice(10))
    it('deletes no disk and no CD-ROM with an undefine by force', async () => {
      await lab.native(
        0,
        'mkdir -p /srv/vfbbp && qemu-img create -q -f qcow2 /srv/vfbbp/d.qcow2 1M && truncate -s 64k /srv/vfbbp/c.iso',
      )
      const disk = (file: string, device: string, target: string) =>
        `<disk type='file' device='${device}'><source file='/srv/vfbbp/${file}'/><target dev='${target}' bus='sata'/></disk>`
      await read(virt, {
        command: 'define',
        xml: DOMAIN(disk('d.qcow2', 'disk', 'sdb') + disk('c.iso', 'cdrom', 'sdc')),
      })
      await lab.native(0, 'virsh -q start --paused vfbb; virsh -q managedsave vfbb')
      await read(virt, { name: 'vfbb', command: 'undefine', force: true })
      expect(
        await lab.native(0, 'virsh -q list --all --name | grep -c vfbb; ls /srv/vfbbp; rm -rf /srv/vfbbp'),
      ).to.equal('0\nc.iso\nd.qcow2')
    })
  })

  describe('networks', () => {
    rows(virtNet, NET.slice(0, 9))
    it('tells of them what Ansible tells', async () => {
      const { networks } = await read(virtNet, { command: 'info' })
      const uuid = await lab.native(0, 'virsh net-uuid vfbbn')
      const macaddress = await lab.native(0, 'virsh net-dumpxml vfbbn | sed -n "s/.*mac address=\'\\(.*\\)\'.*/\\1/p"')
      const expected = {
        autostart: 'yes',
        bridge: 'vfbbbr',
        dhcp_leases: [],
        macaddress,
        persistent: 'yes',
        state: 'active',
        uuid,
      }
      expect((networks as JsonObject).vfbbn).to.deep.equal(expected)
      const facts = (await read(virtNet, { command: 'facts' })).ansible_facts as JsonObject
      expect(facts.ansible_libvirt_networks).to.deep.equal(networks)
      expect((await read(virtNet, { command: 'list_nets' })).list_nets).to.include('vfbbn')
    })
    it('does not cut off guests, unless told', async () => {
      const guest = DOMAIN().replace(
        "<interface type='user'/>",
        "<interface type='network'><source network='vfbbn'/></interface>",
      )
      await read(virt, { command: 'define', xml: guest })
      await lab.native(0, 'virsh -q start --paused vfbb')
      await read(virtNet, { name: 'vfbbn', state: 'inactive' }).then(
        () => expect.fail('stopped'),
        (error: Error) => expect(error.message).to.include('guests are connected'),
      )
      await lab.native(0, 'virsh -q destroy vfbb; virsh -q undefine vfbb')
    })
    rows(virtNet, NET.slice(9))
  })

  describe('pools and volumes', () => {
    rows(virtPool, POOLS)
    rows(virtVolume, VOLUMES)
    it('tells of them what Ansible tells', async () => {
      const { pools } = await read(virtPool, { command: 'info' })
      expect((pools as JsonObject).vfbbp).to.deep.include({
        autostart: 'yes',
        path: '/srv/vfbbp',
        persistent: 'yes',
        state: 'active',
        status: 'running',
        type: 'dir',
        volume_count: 1,
        volumes: ['v.qcow2'],
      })
      expect(((pools as JsonObject).vfbbp as JsonObject).size_total).to.match(/^\d+$/)
      const { volumes } = await read(virtVolume, { pool: 'vfbbp', command: 'info' })
      expect((volumes as JsonObject)['v.qcow2']).to.include({
        path: '/srv/vfbbp/v.qcow2',
        capacity: 1048576,
        format: 'qcow2',
      })
    })
    it('deletes no volume that an image is on top of, wherever that is', async () => {
      const over = 'qemu-img create -q -f qcow2 -b /srv/vfbbp/v.qcow2 -F qcow2 /srv/vfbbp/over.qcow2'
      await lab.native(0, over)
      for (const command of ['delete', 'wipe'])
        await read(virtVolume, { pool: 'vfbbp', name: 'v.qcow2', command }).then(
          () => expect.fail('deleted'),
          (error: Error) => expect(error.message).to.include('over.qcow2 is on top of'),
        )
      expect(await lab.native(0, 'ls /srv/vfbbp; rm /srv/vfbbp/over.qcow2')).to.equal('over.qcow2\nv.qcow2')
    })
    rows(virtPool, POOLS_END)
  })
})
