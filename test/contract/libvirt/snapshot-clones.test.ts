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
  /** All that a merge could touch. */
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
  const refuses = async (name: string, ...reasons: string[]) => {
    const before = await everything()
    for (const one of [
      checkState(snapshot, checking, task(name, { state: 'absent' })),
      runState(snapshot, host, task(name, { state: 'absent' })),
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
    await runState(snapshot, host, task('ext', { state: 'reverted' }))
    await stack(`${FOLDER}/clone.qcow2`, `${FOLDER}/src.qcow2`)
    await refuses('ext', `base of ${FOLDER}/clone.qcow2`)
    await native(`rm ${FOLDER}/clone.qcow2`)
    await remove('ext')
    expect(await native(`ls ${FOLDER}`)).to.equal('src.qcow2')
  })

  it('deletes an internal one of an image that another stands on, which sees nothing of it', async () => {
    await runState(snapshot, host, task('inside'))
    await stack(`${FOLDER}/clone.qcow2`, `${FOLDER}/src.qcow2`)
    await remove('inside')
    expect(await reads('clone.qcow2', 1)).to.equal(true)
    expect(await native(`cd ${FOLDER}; qemu-img check -q src.qcow2 && qemu-img snapshot -l src.qcow2`)).to.equal('')
  })
})
