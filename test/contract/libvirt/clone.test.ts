import { expect } from 'chai'
import type { JsonObject } from '../../../core/events/json.ts'
import clone from '../../../modules/libvirt/libvirt_clone.ts'
import { checkState, type DrivenHost, runState } from '../module-driver.ts'
import { type LibvirtLab, openLibvirtLab } from './lab.ts'
import { DAEMON } from './releases.ts'
import { roundsOf } from './rounds.ts'

const AT = '/srv/vfclone'
const SOURCE = `<domain type='qemu'><name>vfc1</name><memory unit='MiB'>32</memory><os><type arch='x86_64' machine='q35'>hvm</type></os><devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${AT}/vfc1.qcow2'/><target dev='vda' bus='virtio'/></disk><disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='${AT}/data.raw'/><target dev='vdb' bus='virtio'/></disk><interface type='user'><mac address='52:54:00:cc:00:01'/></interface><channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel></devices></domain>`

describe('libvirt_clone on a real libvirtd', function () {
  this.timeout(300_000)
  let lab: LibvirtLab
  let host: DrivenHost
  let checking: DrivenHost

  before(async () => {
    lab = await openLibvirtLab(1)
    host = lab.hosts[0]!
    checking = lab.checking[0]!
  })
  beforeEach(async () => {
    await clean()
    await lab.native(
      0,
      `mkdir -p ${AT} && cd ${AT} && qemu-img create -q -f qcow2 base.qcow2 8M && qemu-io -f qcow2 -c 'write -P 5 0 4096' base.qcow2 >/dev/null && qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 vfc1.qcow2 && qemu-io -f qcow2 -c 'write -P 6 4096 4096' vfc1.qcow2 >/dev/null && truncate -s 4M data.raw && printf '%s' "${SOURCE}" >d.xml && virsh -q define d.xml && rm d.xml`,
    )
  })
  after(async () => {
    await clean()
    await lab.close()
  })
  async function clean(): Promise<void> {
    await lab.native(
      0,
      `(for d in vfc1 vfc2 vfc3; do virsh destroy $d; virsh undefine $d; done; virsh pool-destroy vfclone; virsh pool-undefine vfclone; rm -rf ${AT} /var/lib/virtfleet/clones) >/dev/null 2>&1; true`,
    )
  }
  const task = (name: string, more: JsonObject = {}): JsonObject => ({ name, source: 'vfc1', ...more })
  const refused = (input: JsonObject, message: string) =>
    runState(clone, host, input).then(
      () => expect.fail('cloned'),
      (error: Error) => expect(error.message).to.include(message),
    )
  const files = () => lab.native(0, `ls -A ${AT}; ls -A /var/lib/virtfleet/clones 2>/dev/null || :`)
  const INTACT = 'base.qcow2\ndata.raw\nvfc1.qcow2'

  it('makes a full one that needs nothing of its source, starts, and is made once', async () => {
    expect((await checkState(clone, checking, task('vfc2'))).map((one) => one.path)).to.deep.equal(['state'])
    expect(await files()).to.equal(INTACT)
    const round = await runState(clone, host, task('vfc2', { autostart: true }))
    expect(round.left).to.deep.equal([])
    expect(await lab.native(0, `qemu-img info ${AT}/vfc2.qcow2 | grep -c backing || :`)).to.equal('0')
    const same = `qemu-img compare ${AT}/vfc1.qcow2 ${AT}/vfc2.qcow2; qemu-img compare -f raw ${AT}/data.raw ${AT}/vfc2-data.raw`
    expect(await lab.native(0, same)).to.equal('Images are identical.\nImages are identical.')
    expect(await lab.native(0, 'virsh domuuid vfc2')).to.equal(round.result.uuid)
    expect(await lab.native(0, "virsh dumpxml vfc2 | grep -c '52:54:00:cc:00:01' || :")).to.equal('0')
    expect(await lab.native(0, 'virsh -q list --all --autostart --name')).to.include('vfc2')
    await lab.native(0, 'virsh -q start --paused vfc2 && virsh -q destroy vfc2')
    const writes = host.writes()
    expect((await runState(clone, host, task('vfc2'))).changes).to.deep.equal([])
    expect(host.writes()).to.equal(writes)
    expect(await files()).to.equal(`${INTACT}\nvfc2-data.raw\nvfc2.qcow2`)
  })

  it('makes linked ones of a source that is sealed, and of no other', async () => {
    await refused(task('vfc2', { type: 'linked' }), 'can be written to')
    expect(await files()).to.equal(INTACT)
    for (const name of ['vfc2', 'vfc3']) {
      const round = await runState(clone, host, task(name, { type: 'linked', seal_source: name === 'vfc2' }))
      expect(round.left).to.deep.equal([])
    }
    const info = JSON.parse(await lab.native(0, `qemu-img info --output=json ${AT}/vfc3-data.raw`)) as JsonObject
    expect(info).to.include({ format: 'qcow2', 'backing-filename': `${AT}/data.raw`, 'backing-filename-format': 'raw' })
    expect(await lab.native(0, 'virsh start vfc1 2>&1 || :')).to.match(/Permission denied|Could not open/)
    await lab.native(0, 'virsh -q start --paused vfc2 && virsh -q start --paused vfc3')
    await lab.native(0, 'virsh -q destroy vfc2 && virsh -q destroy vfc3')
  })

  it('clones what is a volume, and lets the pool see it', async () => {
    await lab.native(
      0,
      `virsh -q pool-define-as vfclone dir --target ${AT} && virsh -q pool-start vfclone && virsh dumpxml vfc1 | sed "/vfc1.qcow2/s/.*/<source pool='vfclone' volume='vfc1.qcow2'\\/>/" | sed "0,/<disk type='file'/s//<disk type='volume'/" >/tmp/vfc1.xml && virsh -q define /tmp/vfc1.xml && rm /tmp/vfc1.xml && virsh dumpxml vfc1 | grep -q volume=`,
    )
    expect((await runState(clone, host, task('vfc2'))).left).to.deep.equal([])
    expect(await lab.native(0, 'virsh -q vol-list vfclone'))
      .to.include('vfc2.qcow2')
      .and.to.include('vfc2-data.raw')
    await lab.native(0, 'virsh -q start --paused vfc2 && virsh -q destroy vfc2')
  })

  it('clones nothing that runs or is saved', async () => {
    await lab.native(0, 'virsh -q start --paused vfc1')
    await refused(task('vfc2'), 'is paused')
    await lab.native(0, 'virsh -q managedsave vfc1')
    await refused(task('vfc2'), 'is saved')
    await lab.native(0, 'virsh -q managedsave-remove vfc1')
    expect(await files()).to.equal(INTACT)
  })

  it('leaves nothing half done: a file that is there, an image that cannot be read, a definition that is refused', async () => {
    await lab.native(0, `echo mine >${AT}/vfc2-data.raw`)
    await refused(task('vfc2'), 'vfc2-data.raw exists')
    expect(await lab.native(0, `cat ${AT}/vfc2-data.raw; rm ${AT}/vfc2-data.raw`)).to.equal('mine')
    await lab.native(0, `mv ${AT}/data.raw ${AT}/elsewhere`)
    await refused(task('vfc2'), 'were not cloned')
    await lab.native(0, `mv ${AT}/elsewhere ${AT}/data.raw`)
    // The first of two cannot be read to its end: what was written of it must not be taken for an image.
    await lab.native(
      0,
      `cd ${AT} && cp vfc1.qcow2 whole && printf '\\377\\377\\377\\377\\377\\377\\377' | dd of=vfc1.qcow2 bs=1 seek=196608 conv=notrunc 2>/dev/null`,
    )
    await refused(task('vfc2'), 'were not cloned')
    await lab.native(0, `cd ${AT} && mv -f whole vfc1.qcow2`)
    expect(await files()).to.equal(INTACT)
    await lab.native(
      0,
      'mount --bind /etc/libvirt/qemu /etc/libvirt/qemu && mount -o remount,bind,ro /etc/libvirt/qemu',
    )
    await lab.native(0, `systemctl restart ${DAEMON}`)
    try {
      await refused(task('vfc2'), "define 'vfc2'")
    } finally {
      await lab.native(0, `umount /etc/libvirt/qemu; systemctl restart ${DAEMON}`)
    }
    expect(await files()).to.equal(INTACT)
    await refused(task('vfc2', { reset: true }), 'virt-sysprep')
  })

  it('goes on where an attempt was cut, and takes only what that has left', async () => {
    const uuid = (await runState(clone, host, task('vfc2'))).result.uuid
    await lab.native(
      0,
      `virsh -q undefine vfc2; echo torn >${AT}/vfc2.qcow2; printf '${AT}/vfc2.qcow2\\n${AT}/vfc2-data.raw\\n/etc/passwd\\n' >/var/lib/virtfleet/clones/${uuid}`,
    )
    expect((await runState(clone, host, task('vfc2'))).left).to.deep.equal([])
    expect(await lab.native(0, `qemu-img compare ${AT}/vfc1.qcow2 ${AT}/vfc2.qcow2; ls /etc/passwd`)).to.equal(
      'Images are identical.\n/etc/passwd',
    )
  })

  it('looks in two round trips', async () => {
    expect((await roundsOf(host, () => checkState(clone, host, task('vfc2')))).rounds).to.be.at.most(2)
  })
})
