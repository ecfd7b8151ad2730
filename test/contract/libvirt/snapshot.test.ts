import { expect } from 'chai'
import type { JsonObject } from '../../../core/events/json.ts'
import snapshot from '../../../modules/libvirt/libvirt_snapshot.ts'
import { checkState, type DrivenHost, runState } from '../module-driver.ts'
import { type LibvirtLab, openLibvirtLab } from './lab.ts'
import { roundsOf } from './rounds.ts'

const DOMAIN = `<domain type='qemu'><name>vfsnap</name><memory unit='MiB'>32</memory><os><type arch='x86_64'>hvm</type></os><devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/srv/vfsnap/a.qcow2'/><target dev='vda'/></disk><disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/srv/vfsnap/b.qcow2'/><target dev='vdb'/></disk><disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk></devices></domain>`

describe('libvirt_snapshot on a real libvirtd', function () {
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
      `mkdir -p /srv/vfsnap && cd /srv/vfsnap && qemu-img create -q -f qcow2 a.qcow2 8M && qemu-img create -q -f qcow2 b.qcow2 8M && printf '%s' "${DOMAIN}" >d.xml && virsh -q define d.xml && rm d.xml`,
    )
  })
  after(async () => {
    await clean()
    await lab.close()
  })
  async function clean(): Promise<void> {
    await lab.native(
      0,
      '(virsh destroy vfsnap; virsh undefine vfsnap --snapshots-metadata; rm -rf /srv/vfsnap) >/dev/null 2>&1; true',
    )
  }
  const task = (name: string, more: JsonObject = {}): JsonObject => ({ domain: 'vfsnap', name, ...more })
  const converges = async (input: JsonObject) => {
    expect((await checkState(snapshot, checking, input)).map((one) => one.path)).to.deep.equal(['state'])
    const round = await runState(snapshot, host, input)
    expect(round.left).to.deep.equal([])
    const writes = host.writes()
    expect((await runState(snapshot, host, input)).changes).to.deep.equal([])
    expect(host.writes()).to.equal(writes)
    return round.result
  }
  const sources = () => lab.native(0, "virsh domblklist vfsnap | awk '/vd/ {print $2}'")
  /** Writes into the image that vda is on now, which a paused guest does not hold. */
  const mark = (file: string, byte: number) =>
    lab.native(0, `qemu-io -f qcow2 -c 'write -P ${byte} 0 512' /srv/vfsnap/${file} >/dev/null`)
  const marked = async (file: string, byte: number) =>
    (await lab.native(0, `qemu-io -U -r -f qcow2 -c 'read -P ${byte} 0 512' /srv/vfsnap/${file} 2>&1; true`)).includes(
      'verification failed',
    ) === false

  it('takes an internal one of what is off, goes back to it, and removes it', async () => {
    await mark('a.qcow2', 1)
    const result = await converges(task('one', { description: 'the first' }))
    expect(result).to.include({ type: 'internal', state: 'shutoff', description: 'the first', current: 'one' })
    expect(await lab.native(0, 'qemu-img snapshot -l /srv/vfsnap/b.qcow2')).to.include('one')
    await mark('a.qcow2', 2)
    expect(await marked('a.qcow2', 2)).to.equal(true)
    await runState(snapshot, host, task('one', { state: 'reverted' }))
    expect(await marked('a.qcow2', 1)).to.equal(true)
    await converges(task('one', { state: 'absent' }))
    expect(await lab.native(0, 'qemu-img snapshot -l /srv/vfsnap/b.qcow2')).not.to.include('one')
  })

  it('takes one with the memory of what runs, and goes back to it running', async () => {
    await lab.native(0, 'virsh -q start vfsnap')
    expect(await converges(task('live'))).to.include({ type: 'internal', state: 'running' })
    await lab.native(0, 'virsh -q destroy vfsnap')
    await runState(snapshot, host, task('live', { state: 'reverted' }))
    expect(await lab.native(0, 'virsh domstate vfsnap')).to.equal('running')
    await runState(snapshot, host, task('live', { state: 'reverted', start: 'paused' }))
    expect(await lab.native(0, 'virsh domstate vfsnap')).to.equal('paused')
    await converges(task('live', { state: 'absent' }))
  })

  it('takes an external one of what is off, and merges it back', async () => {
    const result = await converges(task('ext', { type: 'external', disks: ['vda'], folder: '/srv/vfsnap' }))
    expect(result).to.deep.include({ type: 'external', disks: [{ target: 'vda', file: '/srv/vfsnap/a.ext' }] })
    expect(await sources()).to.equal('/srv/vfsnap/a.ext\n/srv/vfsnap/b.qcow2')
    await mark('a.ext', 7)
    // libvirt 9.9 and later can.
    const can = (await lab.native(0, 'virsh capabilities')).includes('<externalSnapshot/>')
    const back = runState(snapshot, host, task('ext', { state: 'reverted' }))
    if (can) {
      await back
      expect(await sources()).to.match(/^\/srv\/vfsnap\/a\.\d+$/m)
    } else {
      await back.then(
        () => expect.fail('reverted'),
        (error: Error) => expect(error.message).to.include('cannot go back to an external snapshot'),
      )
    }
    await converges(task('ext', { state: 'absent' }))
    expect(await sources()).to.equal('/srv/vfsnap/a.qcow2\n/srv/vfsnap/b.qcow2')
    expect(await marked('a.qcow2', 7)).to.equal(!can)
    expect(await lab.native(0, 'ls /srv/vfsnap')).to.equal('a.qcow2\nb.qcow2')
  })

  it('takes an external one of what runs, with memory, and merges it back while it runs', async () => {
    await lab.native(0, 'virsh -q start vfsnap')
    const memory = { type: 'external', memory: true, memory_path: '/srv/vfsnap/mem', live: true }
    await converges(task('ext', memory))
    expect(await sources()).to.equal('/srv/vfsnap/a.ext\n/srv/vfsnap/b.ext')
    await converges(task('ext', { state: 'absent' }))
    expect(await lab.native(0, 'virsh domstate vfsnap')).to.equal('running')
    expect(await sources()).to.equal('/srv/vfsnap/a.qcow2\n/srv/vfsnap/b.qcow2')
    expect(await lab.native(0, 'ls /srv/vfsnap')).to.equal('a.qcow2\nb.qcow2')
  })

  // libvirt 9 merges none that has an internal one as its parent; older ones merge none at all.
  for (const state of ['running', 'shut off'])
    it(`merges one back that this libvirt does not, ${state}`, async () => {
      await runState(snapshot, host, task('inside'))
      await runState(snapshot, host, task('ext', { type: 'external' }))
      await mark('a.ext', 9)
      if (state === 'running') await lab.native(0, 'virsh -q start vfsnap')
      await converges(task('ext', { state: 'absent' }))
      expect(await lab.native(0, 'virsh domstate vfsnap')).to.equal(state)
      expect(await sources()).to.equal('/srv/vfsnap/a.qcow2\n/srv/vfsnap/b.qcow2')
      expect(await lab.native(0, 'virsh snapshot-list vfsnap --name')).to.equal('inside')
      expect(await lab.native(0, 'ls /srv/vfsnap')).to.equal('a.qcow2\nb.qcow2')
      await lab.native(0, 'virsh destroy vfsnap 2>/dev/null || :')
      expect(await marked('a.qcow2', 9)).to.equal(true)
    })

  /** One disk is merged, by hand, as a run does that is cut before the other one's turn. */
  const half = async () => {
    await runState(snapshot, host, task('inside'))
    await runState(snapshot, host, task('ext', { type: 'external' }))
    await mark('a.ext', 9)
    await mark('b.ext', 8)
    await lab.native(0, 'virsh -q start vfsnap && virsh blockcommit vfsnap vda --active --pivot --wait')
    expect(await sources()).to.equal('/srv/vfsnap/a.qcow2\n/srv/vfsnap/b.ext')
  }
  const isWhole = async (files = 'a.qcow2\nb.qcow2') => {
    expect(await sources()).to.equal('/srv/vfsnap/a.qcow2\n/srv/vfsnap/b.qcow2')
    expect(await lab.native(0, 'virsh snapshot-list vfsnap --name')).to.equal('inside')
    expect(await lab.native(0, 'ls /srv/vfsnap')).to.equal(files)
  }

  for (const state of ['running', 'shut off'])
    it(`goes on with a merge that was cut between two disks, ${state}`, async () => {
      await half()
      if (state !== 'running') await lab.native(0, 'virsh -q destroy vfsnap')
      await converges(task('ext', { state: 'absent' }))
      await isWhole()
      await lab.native(0, 'virsh destroy vfsnap 2>/dev/null || :')
      expect([await marked('a.qcow2', 9), await marked('b.qcow2', 8)]).to.deep.equal([true, true])
    })

  it('goes on with a merge that was cut at work, and with one that was only to be forgotten', async () => {
    await half()
    await lab.native(0, 'virsh blockcommit vfsnap vdb --active')
    await converges(task('ext', { state: 'absent' }))
    await isWhole()
    await runState(snapshot, host, task('again', { type: 'external' }))
    await lab.native(0, 'for d in vda vdb; do virsh blockcommit vfsnap $d --active --pivot --wait; done')
    await lab.native(0, 'rm /srv/vfsnap/a.again')
    await converges(task('again', { state: 'absent' }))
    await isWhole()
  })

  it('leaves what is not in the base, and says so', async () => {
    await half()
    await lab.native(0, 'virsh -q destroy vfsnap')
    await mark('a.qcow2', 3)
    await runState(snapshot, host, task('ext', { state: 'absent' })).then(
      () => expect.fail('it says nothing'),
      (error: Error) =>
        expect(error.message).to.include('left: /srv/vfsnap/a.ext (not the same as /srv/vfsnap/a.qcow2 any more)'),
    )
    await isWhole('a.ext\na.qcow2\nb.qcow2')
    expect([await marked('a.ext', 9), await marked('b.qcow2', 8)]).to.deep.equal([true, true])
  })

  it('leaves all as it was where one disk of several cannot be had', async () => {
    await lab.native(0, 'mkdir /srv/vfsnap/b.ext')
    await runState(snapshot, host, task('ext', { type: 'external' })).then(
      () => expect.fail('taken'),
      (error: Error) => expect(error.message).to.include("snapshot 'ext' of 'vfsnap'"),
    )
    expect(await sources()).to.equal('/srv/vfsnap/a.qcow2\n/srv/vfsnap/b.qcow2')
    expect(await lab.native(0, 'virsh snapshot-list vfsnap --name')).to.equal('')
  })

  it('is one round trip for a look', async () => {
    expect((await roundsOf(host, () => checkState(snapshot, host, task('one')))).rounds).to.be.at.most(1)
  })
})
