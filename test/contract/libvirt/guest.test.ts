import { expect } from 'chai'
import type { JsonObject } from '../../../core/events/json.ts'
import guest from '../../../modules/libvirt/libvirt_guest.ts'
import { type DrivenHost, runState } from '../module-driver.ts'
import { type LibvirtLab, openLibvirtLab } from './lab.ts'

const AT = '/srv/vfguest'
const DOMAIN = `<domain type='qemu'><name>vfguest</name><memory unit='MiB'>32</memory><os><type arch='x86_64'>hvm</type></os><devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${AT}/g.qcow2'/><target dev='vda' bus='virtio'/></disk></devices></domain>`

/** Enough for libguestfs to take it for a Debian, with a shell that runs. */
const ROOT = `mkdir -p ${AT} && cd ${AT} && mkdir -p r/etc r/root r/bin r/tmp r/dev r/var/lib/dpkg r/var/log && printf 'PRETTY_NAME="Debian GNU/Linux 12"\\nID=debian\\nVERSION_ID=12\\n' >r/etc/os-release && echo 12.5 >r/etc/debian_version && echo old >r/etc/hostname && printf '127.0.0.1 localhost\\n127.0.1.1 old\\n' >r/etc/hosts && echo '/dev/sda / ext4 defaults 0 1' >r/etc/fstab && echo 'root:x:0:0:root:/root:/bin/sh' >r/etc/passwd && echo 'root:*:1::::::' >r/etc/shadow && : >r/var/lib/dpkg/status && echo 0123456789abcdef0123456789abcdef >r/etc/machine-id && for n in busybox sh; do cp /bin/busybox r/bin/$n; done
for l in $(ldd /bin/busybox | grep -o '/[^ ]*'); do mkdir -p r/$(dirname $l) && cp -L $l r/$l; done
mke2fs -q -t ext4 -d r g.raw 64M && qemu-img convert -O qcow2 g.raw g.qcow2 && rm -rf r g.raw && printf '%s' "${DOMAIN}" >d.xml && virsh -q define d.xml && rm d.xml`

describe('libvirt_guest on a real libvirtd', function () {
  this.timeout(600_000)
  let lab: LibvirtLab
  let host: DrivenHost

  before(async function () {
    lab = await openLibvirtLab(1)
    host = lab.hosts[0]!
    await clean()
    await lab.native(0, ROOT)
    const tools = await lab.native(0, 'command -v guestfish virt-customize virt-sysprep busybox | wc -l')
    if (tools !== '4') {
      // 200 MB, and another kernel for its appliance.
      this.test!.title += ' (libguestfs-tools is not in the container)'
      this.skip()
    }
  })
  after(async () => {
    await clean()
    await lab.close()
  })
  async function clean(): Promise<void> {
    await lab.native(
      0,
      `(virsh destroy vfguest; virsh undefine vfguest; rm -rf ${AT} /root/vf-motd) >/dev/null 2>&1; true`,
    )
  }
  const run = (more: JsonObject) => runState(guest, host, { domain: 'vfguest', ...more })
  const inside = (command: string) =>
    lab.native(
      0,
      `export LIBGUESTFS_BACKEND=direct; printf '%s\\n' '${command}' | guestfish --ro --format=qcow2 -a ${AT}/g.qcow2 -i`,
    )

  it('says what a guest is, and how full', async () => {
    const { result, changes } = await run({ inspect: true })
    expect(changes).to.deep.equal([])
    expect(result.inspection).to.include({ distro: 'debian', version: '12.5', hostname: 'old', arch: 'x86_64' })
    expect((result.free_space as JsonObject[])[0]).to.include({ device: '/dev/sda', mountpoint: '/' })
  })

  it('lists folders, of a VMDK too', async () => {
    const { result } = await run({ list: ['/etc', '/nowhere'] })
    const listing = result.listing as Record<string, JsonObject[] | null>
    expect(listing['/nowhere']).to.equal(null)
    expect(listing['/etc']).to.deep.include({ name: 'hostname', type: 'file' })
    await lab.native(0, `qemu-img convert -f qcow2 -O vmdk ${AT}/g.qcow2 ${AT}/g.vmdk`)
    const vmdk = await runState(guest, host, { image: `${AT}/g.vmdk`, format: 'vmdk', list: ['/'] })
    expect((vmdk.result.listing as Record<string, JsonObject[]>)['/']).to.deep.include({
      name: 'etc',
      type: 'directory',
    })
    await lab.native(0, `rm ${AT}/g.vmdk`)
  })

  it('copies in and out, customizes and takes the identity out, once', async () => {
    const task = {
      sysprep: true,
      sysprep_operations: ['machine-id', 'logfiles'],
      customize: { hostname: 'web9', run: 'echo ran >/root/ran', passwords: { root: 'hunter2 hunter2' } },
      copy_in: [{ dest: '/etc/vf/a "b".conf', content: 'x\n', mode: '0600' }],
    }
    const round = await run(task)
    expect(round.changes.map((one) => one.path)).to.deep.equal(['in:/etc/vf/a "b".conf', 'sysprep', 'customize'])
    expect(round.left).to.deep.equal([])
    expect(await inside('cat /etc/hostname')).to.equal('web9')
    expect(await inside('cat "/etc/vf/a \\"b\\".conf"')).to.equal('x')
    expect(await inside('cat /root/ran')).to.equal('ran')
    expect(await inside('cat /etc/shadow')).to.match(/^root:\$/)
    expect(await inside('cat /etc/machine-id')).not.to.include('0123456789abcdef')
    const writes = host.writes()
    expect((await run(task)).changes).to.deep.equal([])
    expect(host.writes()).to.equal(writes)
    expect((await run({ copy_out: [{ src: '/etc/hostname', dest: '/root/vf-motd' }] })).left).to.deep.equal([])
    expect(await lab.native(0, 'cat /root/vf-motd')).to.equal('web9')
    expect(await lab.native(0, 'ls -d /var/tmp/virtfleet.* /root/*.part 2>/dev/null | wc -l')).to.equal('0')
  })

  it('leaves the guest as it was where something fails', async () => {
    const before = await lab.native(0, `sha256sum ${AT}/g.qcow2`)
    await run({ customize: { hostname: 'other', run: 'exit 7' } }).then(
      () => expect.fail('done'),
      (error: Error) => expect(error.message).to.include('left as it was'),
    )
    expect(await lab.native(0, `sha256sum ${AT}/g.qcow2`)).to.equal(before)
  })

  it('touches no disk that runs or that others are on top of, by whatever name', async () => {
    const refused = (input: JsonObject, message: string) =>
      runState(guest, host, input).then(
        () => expect.fail('touched'),
        (error: Error) => expect(error.message).to.include(message),
      )
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
})
