import { expect } from 'chai'
import type { JsonObject } from '../../../core/events/json.ts'
import snapshot from '../../../modules/libvirt/libvirt_snapshot.ts'
import { checkState, type DrivenHost, runState } from '../module-driver.ts'
import { type LibvirtLab, openLibvirtLab } from './lab.ts'

const FOLDER = '/srv/vfstand'
const AWAY = '/srv/vfaway'

/** A domain with these images as vda, vdb … */
const domain = (name: string, ...images: string[]): string =>
  `<domain type='qemu'><name>${name}</name><memory unit='MiB'>32</memory><os><type arch='x86_64'>hvm</type></os><devices>${images
    .map(
      (image, i) =>
        `<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${image}'/><target dev='vd${'ab'[i]}' bus='virtio'/></disk>`,
    )
    .join('')}</devices></domain>`

describe('libvirt_snapshot beside images that stand on those of the domain', function () {
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
    await native(`mkdir -p ${FOLDER} ${AWAY}; cd ${FOLDER}; qemu-img create -q -f qcow2 src.qcow2 8M`)
    await mark('src.qcow2', 1)
    await define('vfsrc', `${FOLDER}/src.qcow2`)
  })
  after(async () => {
    await clean()
    await lab.close()
  })
  const native = (command: string): Promise<string> => lab.native(0, command)
  const clean = () =>
    native(`{ for d in vfsrc vfclone; do virsh destroy $d; virsh undefine $d --snapshots-metadata --managed-save; done
virsh pool-destroy vfaway; virsh pool-undefine vfaway; rm -rf ${FOLDER} ${AWAY}; } >/dev/null 2>&1; true`)
  const define = (name: string, ...images: string[]) =>
    native(`printf '%s' "${domain(name, ...images)}" >/run/vfstand.xml && virsh -q define /run/vfstand.xml`)
  /** Makes an image on top of another one. */
  const stack = (path: string, base: string) => native(`qemu-img create -q -f qcow2 -F qcow2 -b ${base} ${path}`)
  const mark = (file: string, byte: number) =>
    native(`cd ${FOLDER} && qemu-io -f qcow2 -c 'write -P ${byte} 0 512' ${file} >/dev/null`)
  /** Whether a guest with that image would read that byte. */
  const reads = async (file: string, byte: number): Promise<boolean> =>
    !(
      await native(`cd ${FOLDER} && qemu-io -U -r -f qcow2 -c 'read -P ${byte} 0 512' ${file} 2>&1 || echo failed`)
    ).match(/verification failed|^failed$/m)
  const task = (name: string, more: JsonObject = {}): JsonObject => ({ domain: 'vfsrc', name, ...more })
  const take = (name: string) => runState(snapshot, host, task(name, { type: 'external' }))
  const remove = (name: string) => runState(snapshot, host, task(name, { state: 'absent' }))
  const takeInside = (name: string) => runState(snapshot, host, task(name))
  const goBack = (name: string) => runState(snapshot, host, task(name, { state: 'reverted' }))
  /** All that a merge, or going back, could touch. */
  const everything = () =>
    native(
      `cd ${FOLDER}; ls; sha256sum -- *; ls ${AWAY}; virsh domblklist vfsrc; virsh snapshot-list vfsrc --name; virsh domstate vfsrc`,
    )
  const refusal = (work: Promise<unknown>): Promise<Error & { hint?: string }> =>
    work.then(
      () => expect.fail('nobody was asked'),
      (error: Error) => error,
    )
  /** It is refused for that reason, in check mode too, and nothing is touched. */
  const refuses = (name: string, ...reasons: string[]) => refusesTo('absent', name, ...reasons)
  const refusesTo = async (state: 'absent' | 'reverted', name: string, ...reasons: string[]) => {
    const before = await everything()
    for (const one of [
      checkState(snapshot, checking, task(name, { state })),
      runState(snapshot, host, task(name, { state })),
    ]) {
      const { message, hint } = await refusal(one)
      for (const reason of reasons) expect(`${message}\n${hint}`).to.include(reason)
    }
    expect(await everything()).to.equal(before)
  }

  for (const state of ['shut off', 'running'])
    it(`writes into no base of another domain's image, ${state}`, async () => {
      await stack(`${FOLDER}/clone.qcow2`, `${FOLDER}/src.qcow2`)
      await define('vfclone', `${FOLDER}/clone.qcow2`)
      await take('ext')
      await mark('src.ext', 9)
      if (state === 'running') await native('virsh -q start vfsrc')
      await refuses(
        'ext',
        `${FOLDER}/src.qcow2 would be written to, and it is the base of ${FOLDER}/clone.qcow2 (of 'vfclone')`,
        "qemu-img rebase -f qcow2 -b '' IMAGE",
        'virsh blockpull DOMAIN TARGET --wait',
      )
      expect(await reads('clone.qcow2', 1)).to.equal(true)
      // Both ways of the hint.
      if (state === 'running') {
        await native('virsh -q start vfclone')
        await refuses('ext', "(of 'vfclone')")
        await native('virsh blockpull vfclone vda --wait')
      } else await native(`qemu-img rebase -f qcow2 -b '' ${FOLDER}/clone.qcow2`)
      await remove('ext')
      // What a QEMU has in its caches, the file need not have yet.
      for (const one of ['vfsrc', 'vfclone']) await native(`virsh -q destroy ${one} 2>/dev/null || :`)
      expect([await reads('clone.qcow2', 1), await reads('src.qcow2', 9)]).to.deep.equal([true, true])
    })

  it('writes into no base of a file that no domain has, beside it or in a pool', async () => {
    await take('ext')
    await mark('src.ext', 9)
    await stack(`${FOLDER}/spare.qcow2`, 'src.qcow2')
    await refuses('ext', `${FOLDER}/spare.qcow2`)
    await native(`mv ${FOLDER}/spare.qcow2 ${AWAY}/; cd ${AWAY}; qemu-img rebase -u -F qcow2 -b ../vfstand/src.qcow2 spare.qcow2
virsh -q pool-define-as vfaway dir --target ${AWAY}`)
    await refuses('ext', `${AWAY}/spare.qcow2`)
    await native(`rm ${AWAY}/spare.qcow2`)
    await remove('ext')
    expect(await reads('src.qcow2', 9)).to.equal(true)
  })

  it('removes no image that another stands on', async () => {
    await take('ext')
    await mark('src.ext', 9)
    await stack(`${FOLDER}/clone.qcow2`, `${FOLDER}/src.ext`)
    await define('vfclone', `${FOLDER}/clone.qcow2`)
    await refuses('ext', `${FOLDER}/src.ext`, "'vfclone'")
    expect(await reads('clone.qcow2', 9)).to.equal(true)
  })

  it('counts another disk of the same domain', async () => {
    await stack(`${FOLDER}/clone.qcow2`, `${FOLDER}/src.qcow2`)
    await native('virsh -q undefine vfsrc')
    await define('vfsrc', `${FOLDER}/src.qcow2`, `${FOLDER}/clone.qcow2`)
    await take('ext')
    await mark('src.ext', 9)
    await refuses('ext', `${FOLDER}/src.qcow2`)
    expect(await reads('clone.ext', 1)).to.equal(true)
  })

  it("merges what is a clone itself, beside its base's other clones", async () => {
    await native(`cd ${FOLDER} && mv src.qcow2 base.qcow2`)
    for (const one of ['src', 'clone']) await stack(`${FOLDER}/${one}.qcow2`, `${FOLDER}/base.qcow2`)
    await define('vfclone', `${FOLDER}/clone.qcow2`)
    for (const one of ['one', 'two']) await take(one)
    await mark('src.two', 9)
    for (const one of ['two', 'one']) await remove(one)
    expect([await reads('clone.qcow2', 1), await reads('src.qcow2', 9)]).to.deep.equal([true, true])
    expect(await native(`ls ${FOLDER}`)).to.equal('base.qcow2\nclone.qcow2\nsrc.qcow2')
  })

  it('counts what stands on the base of a snapshot that was gone back to', async function () {
    // Older ones go back to no external one.
    if (!(await native('virsh capabilities')).includes('<externalSnapshot/>')) this.skip()
    await take('ext')
    await goBack('ext')
    await stack(`${FOLDER}/clone.qcow2`, `${FOLDER}/src.qcow2`)
    await refuses('ext', `base of ${FOLDER}/clone.qcow2`)
    await native(`rm ${FOLDER}/clone.qcow2`)
    await remove('ext')
    expect(await native(`ls ${FOLDER}`)).to.equal('src.qcow2')
  })

  it('deletes an internal one of an image that another stands on, which sees nothing of it', async () => {
    await takeInside('inside')
    await stack(`${FOLDER}/clone.qcow2`, `${FOLDER}/src.qcow2`)
    await remove('inside')
    expect(await reads('clone.qcow2', 1)).to.equal(true)
    expect(await native(`cd ${FOLDER}; qemu-img check -q src.qcow2 && qemu-img snapshot -l src.qcow2`)).to.equal('')
  })

  for (const state of ['shut off', 'running'])
    it(`goes back to no internal one under another domain's image, ${state}`, async () => {
      if (state === 'running') await native('virsh -q start vfsrc')
      await takeInside('inside')
      if (state === 'running') await native('virsh -q destroy vfsrc')
      await mark('src.qcow2', 9)
      await stack(`${FOLDER}/clone.qcow2`, `${FOLDER}/src.qcow2`)
      await define('vfclone', `${FOLDER}/clone.qcow2`)
      if (state === 'running') await native('virsh -q start vfsrc')
      await refusesTo(
        'reverted',
        'inside',
        `revert 'vfsrc' to 'inside': nothing is changed: ${FOLDER}/src.qcow2 would be written to, and it is the base of ${FOLDER}/clone.qcow2 (of 'vfclone')`,
        "qemu-img rebase -f qcow2 -b '' IMAGE",
      )
      // No way round QEMU's lock on the base.
      if (state === 'running') await native('virsh -q destroy vfsrc')
      await native(`qemu-img rebase -f qcow2 -b '' ${FOLDER}/clone.qcow2`)
      await goBack('inside')
      await native('virsh -q destroy vfsrc 2>/dev/null || :')
      expect([await reads('clone.qcow2', 9), await reads('src.qcow2', 1)]).to.deep.equal([true, true])
    })

  it('goes back to no internal one under a file that no domain has, in a pool, where the disk is a volume', async () => {
    await native(`virsh -q pool-define-as vfaway dir --target ${AWAY}; virsh -q pool-start vfaway; virsh -q undefine vfsrc
cp ${FOLDER}/src.qcow2 ${AWAY}/vol.qcow2; virsh -q pool-refresh vfaway
printf '%s' "${domain('vfsrc', 'X').replace("type='file' device", "type='volume' device").replace("file='X'", "pool='vfaway' volume='vol.qcow2'")}" >/run/vfstand.xml
virsh -q define /run/vfstand.xml`)
    await takeInside('inside')
    await mark(`${AWAY}/vol.qcow2`, 9)
    await stack(`${FOLDER}/spare.qcow2`, `${AWAY}/vol.qcow2`)
    await goBack('inside')
    // Nobody looks for images where there is no pool, no disk of the domain and none of another.
    expect(await reads('spare.qcow2', 1)).to.equal(true)
    await mark(`${AWAY}/vol.qcow2`, 9)
    await native(`mv ${FOLDER}/spare.qcow2 ${AWAY}/`)
    await refusesTo('reverted', 'inside', `${AWAY}/vol.qcow2 would be written to`, `base of ${AWAY}/spare.qcow2`)
  })

  it('goes back to no internal one under an external one of its own, which would be another then', async () => {
    await takeInside('inside')
    await mark('src.qcow2', 2)
    await take('ext')
    await mark('src.ext', 9)
    await refusesTo(
      'reverted',
      'inside',
      `${FOLDER}/src.qcow2 would be written to, and snapshot 'ext' needs it as it is`,
      'delete that snapshot first',
    )
    await remove('ext')
    await goBack('inside')
    expect(await reads('src.qcow2', 1)).to.equal(true)
  })

  it("goes back within what is a clone itself, beside its base's other clones", async () => {
    await native(`cd ${FOLDER} && mv src.qcow2 base.qcow2`)
    for (const one of ['src', 'clone']) await stack(`${FOLDER}/${one}.qcow2`, `${FOLDER}/base.qcow2`)
    await define('vfclone', `${FOLDER}/clone.qcow2`)
    await native('virsh -q start vfclone')
    for (const one of ['one', 'two']) await takeInside(one)
    await mark('src.qcow2', 9)
    for (const one of ['one', 'two']) await goBack(one)
    await native('virsh -q destroy vfclone')
    expect([await reads('clone.qcow2', 1), await reads('src.qcow2', 1)]).to.deep.equal([true, true])
  })

  describe('and external ones that can be gone back to', () => {
    before(async function () {
      // Older ones go back to no external one.
      if (!(await native('virsh capabilities')).includes('<externalSnapshot/>')) this.skip()
    })
    const now = () => native("virsh domblklist vfsrc | awk '/vda/ {print $2}'")
    /** The images that libvirt makes have the second in their names. */
    const tick = () => native('sleep 1.1')

    for (const state of ['shut off', 'running'])
      it(`leaves the base to other images, ${state}, with its memory where it runs`, async () => {
        if (state === 'running') await native('virsh -q start vfsrc')
        const memory = state === 'running' ? { memory: true, memory_path: `${AWAY}/mem` } : {}
        await runState(snapshot, host, task('ext', { type: 'external', ...memory }))
        await stack(`${FOLDER}/clone.qcow2`, `${FOLDER}/src.qcow2`)
        await define('vfclone', `${FOLDER}/clone.qcow2`)
        await native('virsh -q start vfclone')
        const sum = await native(`sha256sum ${FOLDER}/src.qcow2`)
        await goBack('ext')
        expect(await now()).not.to.equal(`${FOLDER}/src.ext`)
        expect(await native(`sha256sum ${FOLDER}/src.qcow2`)).to.equal(sum)
        expect(await native('virsh domstate vfsrc; virsh domstate vfclone')).to.equal(`${state}\n\nrunning`)
      })

    it('removes no overlay that another image stands on, and none that libvirt made when it went back', async () => {
      await take('one')
      await mark('src.one', 9)
      await stack(`${FOLDER}/clone.qcow2`, `${FOLDER}/src.one`)
      await define('vfclone', `${FOLDER}/clone.qcow2`)
      await refusesTo(
        'reverted',
        'one',
        `${FOLDER}/src.one would be removed, and it is the base of ${FOLDER}/clone.qcow2 (of 'vfclone')`,
      )
      // It is not removed while another snapshot is current.
      await take('two')
      await goBack('one')
      const made = await now()
      expect(await reads('clone.qcow2', 9)).to.equal(true)
      await native(`rm ${FOLDER}/clone.qcow2; virsh -q undefine vfclone`)
      await stack(`${FOLDER}/clone.qcow2`, made)
      await refusesTo('reverted', 'two', `${made} would be removed, and it is the base of ${FOLDER}/clone.qcow2`)
      await native(`rm ${FOLDER}/clone.qcow2`)
      await tick()
      await goBack('two')
      expect(await native(`ls ${made} 2>/dev/null || :`)).to.equal('')
    })

    it('removes no overlay that another snapshot of the domain goes back to', async () => {
      for (const one of ['one', 'two']) await take(one)
      await goBack('one')
      await take('three')
      await remove('three')
      expect(await native('virsh snapshot-current vfsrc --name')).to.equal('one')
      for (const one of ['one', 'two'])
        await refusesTo(
          'reverted',
          one,
          `${FOLDER}/src.one would be removed, and snapshot 'two' needs it as it is`,
          'delete that snapshot first',
        )
      await remove('two')
      await tick()
      await goBack('one')
      expect(await reads(await now(), 1)).to.equal(true)
    })
  })
})
