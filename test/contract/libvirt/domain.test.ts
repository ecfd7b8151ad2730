import { expect } from 'chai'
import type { Json } from '../../../core/events/json.ts'
import { createRpc, RpcSessions } from '../../../core/libvirt/rpc/index.ts'
import domain from '../../../modules/libvirt/libvirt_domain.ts'
import { checkState, type DrivenHost, type Round, runState } from '../module-driver.ts'
import { heldScript } from './held.ts'
import { type LibvirtLab, openLibvirtLab } from './lab.ts'

const IMAGES = '/var/lib/vfdomain'
const BASIC = {
  name: 'vf-one',
  memory: '64MiB',
  vcpus: 2,
  current_vcpus: 1,
  cpu: 'qemu64',
  machine: 'q35',
  graphics: 'vnc',
  variables: { acceleration: 'tcg' },
  disks: [
    { target: 'vda', source: `${IMAGES}/one.qcow2`, serial: 'one-system' },
    { target: 'sda', device: 'cdrom', bus: 'sata', source: `${IMAGES}/first.iso` },
  ],
  interfaces: [{ mac: '52:54:00:d0:00:01', network: 'vf-a' }],
} as const

for (const way of ['virsh', 'RPC'])
  describe(`libvirt_domain on a real libvirtd, by ${way}`, function () {
    this.timeout(300_000)
    let lab: LibvirtLab
    let host: DrivenHost
    let sessions: RpcSessions

    const native = (command: string): Promise<string> => lab.native(0, command)
    const task = (more: Record<string, Json> = {}): Json => ({ ...BASIC, ...more }) as Json
    /** Runs it, and again: the second run finds nothing to do. */
    const settle = async (input: Json): Promise<Round> => {
      const round = await runState(domain, host, input)
      const again = await checkState(domain, host, input)
      expect(again.filter((c) => c.effect !== 'pending')).to.deep.equal([])
      return round
    }
    const told = (round: Round): string[] => round.changes.map((c) => `${c.path} ${c.effect}`)

    before(async () => {
      lab = await openLibvirtLab(1)
      const driven = lab.hosts[0] as DrivenHost
      sessions = new RpcSessions(await driven.connection())
      const session = () => sessions.get({ uri: 'qemu:///system' })
      const rpc = createRpc({ session, another: session, virsh: driven.libvirt })
      host = way === 'RPC' ? { ...driven, libvirt: rpc } : driven
      await clean()
      // libvirt 7.0 makes dnsmasq's folder with the first network that has DHCP, and needs it for others too.
      await native(`mkdir -p /var/lib/libvirt/dnsmasq ${IMAGES} && cd ${IMAGES} && for i in one two three; do qemu-img create -q -f qcow2 $i.qcow2 16M; done
truncate -s 1M first.iso second.iso
for n in a b; do echo "<network><name>vf-$n</name><bridge name='vfbr$n'/></network>" > net.xml; virsh -q net-define net.xml; virsh -q net-start vf-$n; done`)
    })

    after(async () => {
      await clean()
      await sessions.close()
      await lab.close()
    })

    async function clean(): Promise<void> {
      await native(`for d in vf-one vf-two vf-three; do virsh destroy $d; virsh undefine --nvram $d; done >/dev/null 2>&1
for n in a b; do virsh net-destroy vf-$n; virsh net-undefine vf-$n; done >/dev/null 2>&1; rm -rf ${IMAGES}; true`)
    }

    it('is made of single arguments, and the second run says nothing', async () => {
      const round = await settle(task({ state: 'running', autostart: true }))
      expect(round.left).to.deep.equal([])
      const xml = await native('virsh dumpxml vf-one')
      expect(xml)
        .to.include("listen type='address' address='127.0.0.1'")
        .and.include("<vcpu placement='static' current='1'>2")
      expect(await native('virsh domstate vf-one')).to.equal('running')
    })

    it('changes media, and ejects them, while it runs', async () => {
      const [vda] = BASIC.disks
      const drive = (source?: string): Json => task({ disks: [vda, { ...BASIC.disks[1], source: source ?? null }] })
      expect(told(await settle(drive(`${IMAGES}/second.iso`)))).to.deep.equal([
        'devices.disk[sda].source.file now',
        'live.devices.disk[sda].source.file now',
      ])
      expect(await native('virsh domblklist vf-one | grep sda')).to.include('second.iso')
      await settle(drive())
      expect(await native('virsh domblklist vf-one | grep sda')).to.match(/sda\s+-/)
      await settle(task())
      expect(await native('virsh domblklist --inactive vf-one | grep sda')).to.include('first.iso')
    })

    it('attaches disks and interfaces, changes an interface’s network and link, while it runs', async () => {
      const more = task({
        disks: [...BASIC.disks, { target: 'vdb', source: `${IMAGES}/two.qcow2` }],
        interfaces: [
          { mac: '52:54:00:d0:00:01', network: 'vf-b', link: 'down' },
          { mac: '52:54:00:d0:00:02', network: 'vf-a' },
        ],
      })
      const round = await settle(more)
      expect(round.left).to.deep.equal([])
      for (const view of ['', '--inactive']) {
        expect(await native(`virsh domblklist vf-one ${view}`)).to.include('two.qcow2')
        expect(await native(`virsh domiflist vf-one ${view} | grep d0:00:01`)).to.include('vf-b')
        expect(await native(`virsh domiflist vf-one ${view} | grep d0:00:02`)).to.include('vf-a')
      }
      expect(await native('virsh domif-getlink vf-one 52:54:00:d0:00:01')).to.match(/down$/)
    })

    it('grows a disk while the guest runs, and when it is off; never shrinks', async () => {
      const sized = (size: string): Json => ({
        name: 'vf-one',
        disks: [{ target: 'vda', source: `${IMAGES}/one.qcow2`, size }],
      })
      expect((await settle(sized('24M'))).left).to.deep.equal([])
      expect(await native(`qemu-img info -U ${IMAGES}/one.qcow2 | grep virtual`)).to.include('24 MiB')
      await runState(domain, host, sized('8M')).then(
        () => expect.fail('shrunk'),
        (error: Error) => expect(error.message).to.include('never shrunk'),
      )
    })

    it('is made with a disk that is larger than its image', async () => {
      const made = {
        name: 'vf-two',
        memory: '64MiB',
        state: 'running',
        disks: [{ target: 'vda', source: `${IMAGES}/grown.qcow2`, size: '20M' }],
      }
      await native(`qemu-img create -q -f qcow2 ${IMAGES}/grown.qcow2 16M`)
      expect((await settle(made)).left).to.deep.equal([])
      expect(await native(`qemu-img info -U ${IMAGES}/grown.qcow2 | grep virtual`)).to.include('20 MiB')
      await native('virsh -q destroy vf-two; virsh -q undefine vf-two')
    })

    it('is not left behind where its disk cannot be grown', async () => {
      // Another QEMU has the image: for ten minutes, or until it is stopped.
      await native(heldScript('vf-hold', `qemu-io -c 'sleep 600000' ${IMAGES}/grown.qcow2`, `${IMAGES}/grown.qcow2`))
      const disks = [{ target: 'vda', source: `${IMAGES}/grown.qcow2`, size: '24M' }]
      await runState(domain, host, { name: 'vf-two', memory: '64MiB', disks }).then(
        () => expect.fail('grown'),
        (error: Error) => expect(error.message).to.match(/disk vda was not grown: .*lock/s),
      )
      expect(await native('virsh -q list --all --name | grep -c vf-two || true')).to.equal('0')
      await native('systemctl stop vf-hold')
    })

    it('gets another processor, limits and a title, while it runs', async () => {
      const round = await settle({ name: 'vf-one', current_vcpus: 2, title: 'A title' })
      expect(round.left).to.deep.equal([])
      expect(await native('virsh vcpucount vf-one --live --current')).to.equal('2')
      expect(await native('virsh desc vf-one --title --live')).to.equal('A title')
    })

    it('leaves all as it was where one change of the running guest fails', async () => {
      const before = await native('virsh dumpxml --inactive vf-one')
      // A machine has so many slots: the last of these does not fit.
      const interfaces = Array.from({ length: 12 }, (_, i) => ({
        mac: `52:54:00:d0:01:0${i.toString(16)}`,
        network: 'vf-a',
      }))
      await runState(domain, host, { name: 'vf-one', interfaces }).then(
        () => expect.fail('attached'),
        (error: Error) => expect(error.message).to.include('No more available PCI slots'),
      )
      expect(await native('virsh dumpxml --inactive vf-one')).to.equal(before)
    })

    it('asks a guest to let go of what is to be gone, and says so until it does', async () => {
      const input = { name: 'vf-one', disks: [{ target: 'vdb', state: 'absent' }] }
      expect(told(await settle(input))).to.deep.equal(['devices.disk[vdb] now', 'live.devices.disk[vdb] pending'])
      expect(await native('virsh domblklist --inactive vf-one')).not.to.include('vdb')
    })

    it('is paused and resumed', async () => {
      await settle({ name: 'vf-one', state: 'paused' })
      expect(await native('virsh domstate vf-one')).to.equal('paused')
      await settle({ name: 'vf-one', state: 'running' })
      expect(await native('virsh domstate vf-one')).to.equal('running')
    })

    it('waits for a guest to shut down, and cuts it off only where that is said', async () => {
      const input = { name: 'vf-one', state: 'stopped', shutdown_timeout: 2 }
      const began = Date.now()
      await runState(domain, host, input).then(
        () => expect.fail('stopped'),
        (error: Error) => expect(error.message).to.include('did not shut down within 2 s'),
      )
      expect(Date.now() - began).to.be.within(2000, 20_000)
      expect(await native('virsh domstate vf-one')).to.equal('running')
      await settle({ ...input, shutdown_timeout: 1, force: true })
      expect(await native('virsh domstate vf-one')).to.equal('shut off')
    })

    it('restarts where a change needs it and the task says so', async () => {
      await settle({ name: 'vf-one', state: 'running' })
      const more = { name: 'vf-one', memory: '96MiB', restart: 'if_needed', force: true, shutdown_timeout: 1 }
      const round = await settle(more)
      expect(told(round)).to.deep.equal(['memory now', 'live.memory now'])
      expect(round.left).to.deep.equal([])
      expect(await native("virsh dominfo vf-one | grep 'Max memory' | tr -s ' '")).to.equal('Max memory: 98304 KiB')
    })

    it('has exactly what is declared', async () => {
      const input = { ...BASIC, memory: '96MiB', current_vcpus: 2, state: 'stopped', force: true, shutdown_timeout: 0 }
      await settle({ ...input, exact: ['disks', 'interfaces'] })
      expect(await native('virsh -q domblklist vf-one --details | wc -l')).to.equal('2')
      expect(await native('virsh -q domiflist vf-one | wc -l')).to.equal('1')
    })

    it('boots in the order that is said', async () => {
      await settle({ name: 'vf-one', boot: ['52:54:00:d0:00:01', 'vda'] })
      expect(await native('virsh dumpxml vf-one | grep -c "<boot order="')).to.equal('2')
      await settle({ name: 'vf-one', boot: ['cdrom', 'hd'] })
      expect(await native('virsh dumpxml vf-one | grep "<boot "')).to.match(
        /^<boot dev='cdrom'\/>\s+<boot dev='hd'\/>$/,
      )
    })

    it('changes to another family of machines once that is decided, and back', async () => {
      const other = { name: 'vf-one', machine: 'pc', restart: 'if_needed' }
      const drive = { target: 'sda', state: 'absent' }
      expect(told(await settle(other))).to.deep.equal(['os.type.machine pending'])
      await settle({ ...other, allow: ['machine'], disks: [drive] })
      expect(await native('virsh dumpxml vf-one')).to.match(/machine='pc-i440fx/)
      await native('virsh start --paused vf-one && virsh destroy vf-one')
      await settle({ name: 'vf-one', machine: 'q35', allow: ['machine'] })
      await native('virsh start --paused vf-one && virsh destroy vf-one')
    })

    it('gets another name', async () => {
      const input = { name: 'vf-two', rename_from: 'vf-one' }
      expect(told(await settle({ ...input, title: 'Two' }))).to.deep.equal(['name now', 'title now'])
      expect(await native('virsh -q list --all --name')).to.equal('vf-two')
      expect(await native('virsh desc vf-two --title')).to.equal('Two')
    })

    it('is defined whatever the order of its elements', async () => {
      const xml = `<domain type='qemu'><name>vf-three</name><cputune><shares>2</shares></cputune><title>a</title><memory unit='MiB'>64</memory>
      <uuid>5d1b3a52-8f47-4f6e-9d5c-1f2e3d4c5b6a</uuid><os><type>hvm</type></os></domain>`
      expect((await settle({ name: 'vf-three', xml })).left).to.deep.equal([])
      await settle({ name: 'vf-three', state: 'absent' })
    })

    it('stays defined, with all its images, while a QEMU that libvirt does not know has one of them', async () => {
      const [mine, other] = [`${IMAGES}/free.qcow2`, `${IMAGES}/held.raw`]
      await native(`qemu-img create -q -f qcow2 ${mine} 16M; truncate -s 16M ${other}
echo "<domain type='qemu'><name>vf-three</name><memory>65536</memory><os><type>hvm</type></os><devices>
<disk type='file'><driver type='qcow2'/><source file='${mine}'/><target dev='vda'/></disk>
<disk type='file'><driver type='raw'/><source file='${other}'/><target dev='vdb'/></disk></devices></domain>" > three.xml
virsh -q define three.xml; ln ${other} ${IMAGES}/elsewhere.raw`)
      const qemu = `"$(command -v qemu-system-x86_64 || echo /usr/libexec/qemu-kvm)" -accel tcg -S -display none -nodefaults -drive file=${IMAGES}/elsewhere.raw,format=raw,if=virtio`
      await native(heldScript('vf-hold', qemu, other))
      const gone = { name: 'vf-three', state: 'absent', delete_storage: true }
      await runState(domain, host, gone).then(
        () => expect.fail('deleted'),
        (error: Error) => expect(error.message).to.include(`${other} is in use by a QEMU: nothing was deleted`),
      )
      expect(await native(`ls ${mine} ${other}`)).to.equal(`${mine}\n${other}`)
      expect(await native('virsh domstate vf-three')).to.equal('shut off')
      await native('systemctl stop vf-hold')
      await settle(gone)
      expect(await native(`ls ${mine} ${other} 2>/dev/null || true`)).to.equal('')
    })

    it('is removed with its own image, and leaves what is not only its own', async () => {
      await native(`cd ${IMAGES}
qemu-img create -q -f qcow2 -b ${IMAGES}/two.qcow2 -F qcow2 overlay.qcow2; ln -s three.qcow2 alias.qcow2; cp one.qcow2 base.qcow2; chmod 444 base.qcow2
attach() { virsh -q attach-disk vf-two $1 $2 --config --subdriver $3; }
attach ${IMAGES}/two.qcow2 vdb qcow2; attach ${IMAGES}/three.qcow2 vdc qcow2; attach ${IMAGES}/second.iso vdd raw; attach ${IMAGES}/base.qcow2 vde qcow2
virsh -q attach-disk vf-two ${IMAGES}/first.iso sda --config --type cdrom
echo "<domain type='qemu'><name>vf-three</name><memory>65536</memory><os><type>hvm</type></os><devices><disk type='file'><driver type='qcow2'/><source file='${IMAGES}/alias.qcow2'/><target dev='vda'/></disk></devices></domain>" > three.xml
virsh -q define three.xml`)
      const input = { name: 'vf-two', state: 'absent', delete_storage: true, force: true }
      expect(told(await settle(input))).to.deep.equal(['state now', `storage.${IMAGES}/one.qcow2 now`])
      expect((await native(`ls ${IMAGES}`)).split('\n')).to.include.members([
        'two.qcow2',
        'three.qcow2',
        'base.qcow2',
        'first.iso',
        'second.iso',
      ])
      expect(await native(`ls ${IMAGES}`)).not.to.include('one.qcow2')
    })
  })
