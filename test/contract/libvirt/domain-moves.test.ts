import { expect } from 'chai'
import type { Json } from '../../../core/events/json.ts'
import domain from '../../../modules/libvirt/libvirt_domain.ts'
import { checkState, type DrivenHost, runState } from '../module-driver.ts'
import { type LibvirtLab, openLibvirtLab } from './lab.ts'

const AT = '/srv/vfmoves'
const XML = `<domain type='qemu'><name>vfm1</name><memory unit='MiB'>32</memory><os><type arch='x86_64'>hvm</type></os><devices><disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='${AT}/vfm1.raw'/><target dev='vda' bus='virtio'/></disk></devices></domain>`

describe('libvirt_domain and the names of images', function () {
  this.timeout(300_000)
  let lab: LibvirtLab
  let host: DrivenHost

  const native = (command: string): Promise<string> => lab.native(0, command)
  const disk = { target: 'vda', source: `${AT}/web01.raw`, rename_from: `${AT}/vfm1.raw` }
  const task = { name: 'web01', rename_from: 'vfm1', disks: [disk] }
  const refused = (input: Json, message: string): Promise<unknown> =>
    runState(domain, host, input).then(
      () => expect.fail('done'),
      (error: Error) => expect(error.message).to.include(message),
    )
  const files = (): Promise<string> => native(`ls ${AT}`)

  before(async () => {
    lab = await openLibvirtLab(1)
    host = lab.hosts[0] as DrivenHost
  })
  beforeEach(async () => {
    await clean()
    await native(
      `mkdir -p ${AT} && truncate -s 4M ${AT}/vfm1.raw && printf '%s' "${XML}" >/tmp/vfm.xml && virsh -q define /tmp/vfm.xml; rm /tmp/vfm.xml`,
    )
  })
  after(async () => {
    await clean()
    await lab?.close()
  })
  async function clean(): Promise<void> {
    await native(
      `(for d in vfm1 vfm2 web01; do virsh destroy $d; virsh managedsave-remove $d; virsh undefine $d; done; umount ${AT}/other; rm -rf ${AT}) >/dev/null 2>&1; true`,
    )
  }

  it('renames the image with the machine, and the definition follows', async () => {
    const told = ['name now', 'devices.disk[vda].file now', 'devices.disk[vda].source.file now']
    const check = await checkState(domain, lab.checking[0] as DrivenHost, task)
    expect(check.map((one) => `${one.path} ${one.effect}`)).to.deep.equal(told)
    expect(await files()).to.equal('vfm1.raw')
    const round = await runState(domain, host, task)
    expect(round.left).to.deep.equal([])
    expect(await files()).to.equal('web01.raw')
    expect(await native('virsh domblklist web01 | grep vda')).to.match(/vda\s+\/srv\/vfmoves\/web01\.raw$/)
    await native('virsh -q start --paused web01')
    const writes = host.writes()
    expect((await runState(domain, host, task)).changes).to.deep.equal([])
    expect(host.writes()).to.equal(writes)
  })

  it('shuts the machine down first where it is to be off, and renames nothing under it', async () => {
    await native('virsh -q start --paused vfm1')
    await refused({ name: 'vfm1', disks: [disk] }, "is not renamed: 'vfm1' is paused")
    expect(await files()).to.equal('vfm1.raw')
    const round = await runState(domain, host, { name: 'vfm1', disks: [disk], state: 'stopped', force: true })
    expect(round.left).to.deep.equal([])
    expect(await files()).to.equal('web01.raw')
    expect(await native('virsh domstate vfm1 | head -1; virsh domblklist vfm1 | grep -c web01.raw')).to.equal(
      'shut off\n1',
    )
  })

  it('goes on where a run was cut between the file and the definition', async () => {
    await native(`mv ${AT}/vfm1.raw ${AT}/web01.raw`)
    expect((await runState(domain, host, task)).left).to.deep.equal([])
    expect(await native('virsh domblklist web01 | grep -c web01.raw')).to.equal('1')
    // The definition was first.
    await native(`mv ${AT}/web01.raw ${AT}/vfm1.raw`)
    expect((await runState(domain, host, task)).left).to.deep.equal([])
    expect(await files()).to.equal('web01.raw')
  })

  it('gives the image its old name back where the definition is refused', async () => {
    await refused(
      { name: 'vfm1', cpu: 'no-such-cpu', machine: 'no-such-machine', allow: ['machine'], disks: [disk] },
      'libvirt refuses the task',
    )
    expect(await files()).to.equal('vfm1.raw')
    expect(await native('virsh domblklist vfm1 | grep -c vfm1.raw')).to.equal('1')
  })

  it('renames no image that is another’s, a base, saved, or not a file beside its new name', async () => {
    const own = { name: 'vfm1', disks: [disk] }
    await native(`touch ${AT}/web01.raw`)
    await refused(own, 'neither is renamed')
    await native(`rm ${AT}/web01.raw; qemu-img create -q -f qcow2 -b ${AT}/vfm1.raw -F raw ${AT}/top.qcow2`)
    await refused(own, `it is the base of ${AT}/top.qcow2`)
    await native(`rm ${AT}/top.qcow2; ln -s vfm1.raw ${AT}/alias.raw`)
    await native(
      `printf '%s' "${XML.replace('<name>vfm1', '<name>vfm2').replace('/vfm1.raw', '/alias.raw')}" >/tmp/vfm.xml && virsh -q define /tmp/vfm.xml; rm /tmp/vfm.xml`,
    )
    await refused(own, 'it is a disk of vfm2')
    await native(`virsh -q undefine vfm2; rm ${AT}/alias.raw; mkdir ${AT}/other && mount -t tmpfs none ${AT}/other`)
    await refused({ name: 'vfm1', disks: [{ ...disk, source: `${AT}/other/web01.raw` }] }, 'in another file system')
    await native(`umount ${AT}/other; rmdir ${AT}/other; virsh -q start --paused vfm1 && virsh -q managedsave vfm1`)
    await refused(own, "'vfm1' is saved")
    expect(await files()).to.equal('vfm1.raw')
  })
})
