import { expect } from 'chai'
import type { JsonObject } from '../../../core/events/json.ts'
import { UNKNOWN } from '../../../core/module/types.ts'
import guest from '../../../modules/libvirt/libvirt_guest.ts'
import { checkState, type DrivenHost, runState } from '../module-driver.ts'
import { type LibvirtLab, openLibvirtLab } from './lab.ts'

const AT = '/srv/vfguest'
const DOMAIN = `<domain type='qemu'><name>vfguest</name><memory unit='MiB'>32</memory><os><type arch='x86_64'>hvm</type></os><devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${AT}/g.qcow2'/><target dev='vda' bus='virtio'/></disk></devices></domain>`

/** What it refuses before libguestfs has a part in it. What libguestfs does is in test/full/guest.test.ts. */
describe('libvirt_guest on a real libvirtd', function () {
  this.timeout(600_000)
  let lab: LibvirtLab
  let host: DrivenHost

  before(async () => {
    lab = await openLibvirtLab(1)
    host = lab.hosts[0]!
    await clean()
    await lab.native(
      0,
      `mkdir -p ${AT} && cd ${AT} && qemu-img create -q -f qcow2 g.qcow2 64M && printf '%s' "${DOMAIN}" >d.xml && virsh -q define d.xml && rm d.xml`,
    )
  })
  after(async () => {
    await clean()
    await lab.close()
  })
  async function clean(): Promise<void> {
    await lab.native(
      0,
      `(virsh destroy vfguest; virsh managedsave-remove vfguest; virsh undefine vfguest; rm -rf ${AT}) >/dev/null 2>&1; true`,
    )
  }
  const refused = (input: JsonObject, message: string) =>
    runState(guest, host, input).then(
      () => expect.fail('touched'),
      (error: Error) => expect(error.message).to.include(message),
    )

  it('touches no disk that runs or that others are on top of, by whatever name', async () => {
    await lab.native(0, `ln -s g.qcow2 ${AT}/link; virsh -q start --paused vfguest`)
    await refused({ domain: 'vfguest', inspect: true }, "domain 'vfguest' runs")
    await refused({ image: `${AT}/link`, inspect: true }, "domain 'vfguest' runs")
    await lab.native(
      0,
      `virsh -q destroy vfguest; rm ${AT}/link; qemu-img create -q -f qcow2 -b g.qcow2 -F qcow2 ${AT}/top.qcow2`,
    )
    await refused({ domain: 'vfguest', copy_in: [{ dest: '/x', content: '' }] }, 'top.qcow2 is on top of it')
    await lab.native(0, `rm ${AT}/top.qcow2`)
  })

  it('writes to no disk of a guest that was saved with its memory', async () => {
    await lab.native(0, 'virsh -q start --paused vfguest && virsh -q managedsave vfguest')
    for (const whose of [{ domain: 'vfguest' }, { image: `${AT}/g.qcow2` }])
      await refused({ ...whose, sysprep: true }, "domain 'vfguest' was saved with its memory")
    await lab.native(0, 'virsh -q managedsave-remove vfguest')
  })

  it('says that libguestfs is missing, and does not know in a check run', async function () {
    // Somebody's own lab may have it.
    if ((await lab.native(0, 'command -v guestfish || true')) !== '') this.skip()
    await refused({ domain: 'vfguest', inspect: true }, 'libguestfs is not on the host')
    const [change] = await checkState(guest, lab.checking[0]!, { domain: 'vfguest', sysprep: true })
    expect(change?.after).to.equal(UNKNOWN)
    await refused({ domain: 'nobody', inspect: true }, "there is no domain 'nobody'")
  })
})
