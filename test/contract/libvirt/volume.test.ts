import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { largeFile } from '../../../core/connection/files/large-file.ts'
import { uploadLarge } from '../../../core/connection/index.ts'
import type { JsonObject } from '../../../core/events/json.ts'
import volume from '../../../modules/libvirt/libvirt_volume.ts'
import { checkState, type DrivenHost, type Round, runState } from '../module-driver.ts'
import { heldScript } from './held.ts'
import { type LibvirtLab, openLibvirtLab } from './lab.ts'
import { roundsOf } from './rounds.ts'

const AT = '/srv/vfvolume'
const MIB = 1024 * 1024
const domain = (file: string, format = 'qcow2') =>
  `<domain type='qemu'><name>vfvol</name><memory unit='MiB'>32</memory><os><type arch='x86_64'>hvm</type></os><devices><disk type='file' device='disk'><driver name='qemu' type='${format}'/><source file='${file}'/><target dev='vda' bus='virtio'/></disk></devices></domain>`

describe('libvirt_volume on a real libvirtd', function () {
  this.timeout(300_000)
  let lab: LibvirtLab
  let host: DrivenHost
  let checking: DrivenHost
  let folder = ''

  const native = (command: string): Promise<string> => lab.native(0, command)
  const define = (file: string, format?: string): Promise<string> =>
    native(`printf '%s' "${domain(file, format)}" >/tmp/vfvol.xml && virsh -q define /tmp/vfvol.xml; rm /tmp/vfvol.xml`)
  const task = (name: string, more: JsonObject = {}): JsonObject => ({ pool: 'vfvolume', name, ...more })
  const files = (): Promise<string> => native(`ls -A ${AT}/p`)
  /** Runs it; the second run finds nothing to do, and writes nothing. */
  const settle = async (input: JsonObject): Promise<Round> => {
    const round = await runState(volume, host, input)
    expect(round.left).to.deep.equal([])
    const writes = host.writes()
    expect((await runState(volume, host, input)).changes).to.deep.equal([])
    expect(host.writes()).to.equal(writes)
    return round
  }
  const refused = (input: JsonObject, message: string): Promise<unknown> =>
    runState(volume, host, input).then(
      () => expect.fail('done'),
      (error: Error) => expect(error.message).to.match(new RegExp(message)),
    )

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vf-volume-'))
    lab = await openLibvirtLab(1)
    const files = (driven: DrivenHost): DrivenHost['files'] => ({
      ...driven.files,
      find: async (_kind, path) => join(folder, path),
      stat: async (path) => ({ kind: 'file', size: (await stat(path)).size, mode: 0, mtimeMs: 0 }),
      large: (path, options) => largeFile(path, options),
    })
    const [plain, check] = [lab.hosts[0] as DrivenHost, lab.checking[0] as DrivenHost]
    host = {
      ...plain,
      files: files(plain),
      uploadFile: async (path, file, attributes) => {
        await plain.run({ text: ':' } as never)
        await uploadLarge(await plain.connection(), undefined, file, path, attributes as never)
        return {}
      },
    }
    checking = { ...check, files: files(check) }
  })
  beforeEach(async () => {
    await clean()
    await native(
      `mkdir -p ${AT}/p ${AT}/out && cd ${AT}/p && truncate -s 16M a.raw && yes volume | dd of=a.raw bs=64k count=8 seek=9 conv=notrunc iflag=fullblock 2>/dev/null && virsh -q pool-define-as vfvolume dir --target ${AT}/p && virsh -q pool-start vfvolume`,
    )
  })
  after(async () => {
    await clean()
    await lab?.close()
    await rm(folder, { recursive: true, force: true })
  })
  async function clean(): Promise<void> {
    await native(
      `(virsh destroy vfvol; virsh managedsave-remove vfvol; virsh undefine vfvol; virsh pool-destroy vfvolume; virsh pool-undefine vfvolume; rm -rf ${AT} /var/lib/virtfleet/volumes) >/dev/null 2>&1; true`,
    )
  }

  it('copies and converts an image, compressed too, and leaves the source as it is', async () => {
    const before = await native(`sha256sum ${AT}/p/a.raw`)
    const input = task('b.qcow2', { from: 'a.raw' })
    expect(await checkState(volume, checking, input)).to.deep.equal([
      { path: 'state', before: 'absent', after: 'present', effect: 'now', note: 'qcow2 made of a.raw (raw)' },
    ])
    expect(await files()).to.equal('a.raw')
    const round = await settle(input)
    expect(round.result).to.include({ path: `${AT}/p/b.qcow2`, format: 'qcow2', capacity: 16 * MIB })
    await settle(task('c.qcow2', { from: `${AT}/p/b.qcow2`, compressed: true, capacity: '24M' }))
    await settle(task('d.raw', { from: 'c.qcow2' }))
    const sizes = `stat -c %s b.qcow2 c.qcow2; qemu-img info c.qcow2 | grep -c 'virtual size: 24 MiB'; du -k d.raw | cut -f1`
    const [plain, compressed, virtual, allocated] = (await native(`cd ${AT}/p; ${sizes}`)).split('\n').map(Number)
    expect(compressed).to.be.lessThan(plain ?? 0)
    expect(virtual).to.equal(1)
    expect(allocated).to.be.lessThan(1024)
    expect(
      await native(`cd ${AT}/p; qemu-img compare -f raw -F qcow2 a.raw b.qcow2; cmp -n 16777216 a.raw d.raw`),
    ).to.equal('Images are identical.')
    expect(await native(`sha256sum ${AT}/p/a.raw; virsh -q vol-list vfvolume | grep -c '[abcd]\\.'`)).to.equal(
      `${before}\n4`,
    )
    expect(await files()).to.equal('a.raw\nb.qcow2\nc.qcow2\nd.raw')
  })

  it('is on top of a base image that is there, of its size or larger', async () => {
    const base = { backing: `${AT}/p/a.raw`, backing_format: 'raw' }
    const round = await settle(task('o.qcow2', base))
    expect(round.result).to.include({ capacity: 16 * MIB, backing: `${AT}/p/a.raw` })
    await settle(task('large.qcow2', { ...base, capacity: '32M' }))
    expect(await native(`qemu-img info ${AT}/p/o.qcow2 | grep -c 'backing file format: raw'`)).to.equal('1')
    await refused(task('n.qcow2', { backing: `${AT}/p/nothing.qcow2` }), 'there is no base image .*nothing.qcow2')
    expect(await files()).to.equal('a.raw\nlarge.qcow2\no.qcow2')
  })

  it('takes a VMDK for a source, in one file and in two, and no file of the host with it', async () => {
    await native(
      `cd ${AT}/out && qemu-img convert -f raw -O vmdk ../p/a.raw one.vmdk && qemu-img convert -f raw -O vmdk -o subformat=monolithicFlat ../p/a.raw two.vmdk && ls two-flat.vmdk`,
    )
    await settle(task('one.qcow2', { from: `${AT}/out/one.vmdk` }))
    await settle(task('two.qcow2', { from: `${AT}/out/two.vmdk` }))
    await settle(task('flat.qcow2', { from: `${AT}/out/two-flat.vmdk` }))
    for (const name of ['one', 'two', 'flat'])
      expect(await native(`qemu-img compare -f raw -F qcow2 ${AT}/p/a.raw ${AT}/p/${name}.qcow2`)).to.include(
        'identical',
      )
    await native(
      `cd ${AT}/out && head -c 1048576 /dev/urandom >/srv/vfsecret && sed -i 's#two-flat.vmdk#/srv/vfsecret#' two.vmdk && qemu-img create -q -f qcow2 -b /srv/vfsecret -F raw evil.qcow2 && ln -s evil.qcow2 alias.img`,
    )
    const before = await files()
    await refused(task('e.qcow2', { from: `${AT}/out/two.vmdk` }), 'names /srv/vfsecret, which is in no pool')
    await refused(task('e.qcow2', { from: `${AT}/out/evil.qcow2` }), 'names /srv/vfsecret, which is in no pool')
    await refused(task('e.qcow2', { from: `${AT}/out/alias.img` }), 'the format of .*alias.img is not known')
    await refused(task('e.qcow2', { from: `${AT}/out/alias.img`, from_format: 'vmdk' }), 'is no vmdk image')
    await refused(task('e.qcow2', { from: `${AT}/out/nothing.raw` }), 'there is no .*nothing.raw to copy')
    expect(await files()).to.equal(before)
    await native('rm /srv/vfsecret')
  })

  it('reads as raw what a machine has as a raw disk, whatever it has written there', async () => {
    await native(
      `cd ${AT}/p && qemu-img create -q -f qcow2 -b /etc/hostname -F raw forged 4M && cp forged forged.raw && virsh -q pool-refresh vfvolume`,
    )
    await refused(task('f.qcow2', { from: 'forged.raw' }), 'should be raw, and begins as an image of another format')
    await define(`${AT}/p/forged`, 'raw')
    await settle(task('f.raw', { from: 'forged' }))
    expect(await native(`cmp -n $(stat -c %s ${AT}/p/forged) ${AT}/p/forged ${AT}/p/f.raw`)).to.equal('')
  })

  it('copies no disk of a machine that runs or is saved, by whatever name', async () => {
    await settle(task('b.qcow2', { from: 'a.raw' }))
    await define(`${AT}/p/b.qcow2`)
    await native(`ln -s p/b.qcow2 ${AT}/alias.qcow2; virsh -q start --paused vfvol`)
    await refused(task('x.qcow2', { from: 'b.qcow2' }), "is a disk of 'vfvol', which runs")
    await refused(task('x.qcow2', { from: `${AT}/alias.qcow2` }), "is a disk of 'vfvol', which runs")
    await refused(task('b.qcow2', { dest: join(folder, 'x') }), 'a copy would be torn')
    await refused(task('x.qcow2', { backing: `${AT}/p/b.qcow2` }), 'what is on top of it would be damaged')
    await native('virsh -q managedsave vfvol')
    await refused(task('x.qcow2', { from: 'b.qcow2' }), "is a disk of 'vfvol', which is saved")
    expect(await files()).to.equal('a.raw\nb.qcow2')
  })

  it('leaves nothing half done', async () => {
    // It cannot be read to its end.
    await native(
      `cd ${AT}/p && qemu-img convert -f raw -O qcow2 a.raw ../out/torn.qcow2 && printf '\\377\\377\\377\\377\\377\\377\\377' | dd of=../out/torn.qcow2 bs=1 seek=196608 conv=notrunc 2>/dev/null && echo mine >late.qcow2`,
    )
    await refused(task('t.qcow2', { from: `${AT}/out/torn.qcow2` }), "volume 't.qcow2' was not made")
    await refused(task('late.qcow2', { from: 'a.raw' }), 'late.qcow2 exists, though its pool does not know it')
    await refused(task('s.qcow2', { from: 'a.raw', capacity: '8M' }), 'is less than the 16777216 bytes of a.raw')
    expect(await native(`ls -A ${AT}/p; cat ${AT}/p/late.qcow2`)).to.equal('a.raw\nlate.qcow2\nmine')
    // What a run that was killed has left is not in the way.
    await native(`rm ${AT}/p/late.qcow2; echo torn >'${AT}/p/.k.qcow2.virtfleet-${host.name}.part'`)
    await settle(task('k.qcow2', { from: 'a.raw' }))
    expect(await files()).to.equal('a.raw\nk.qcow2')
  })

  it('sends a file of the controller, small or large, by checksum and without its holes', async () => {
    const iso = randomBytes(70_000)
    await writeFile(join(folder, 'small.iso'), iso)
    const big = Buffer.concat([randomBytes(5 * MIB), Buffer.alloc(40 * MIB), randomBytes(MIB + 512)])
    await writeFile(join(folder, 'big.raw'), big)
    await settle(task('small.iso', { src: 'small.iso' }))
    expect(await native(`sha256sum <${AT}/p/small.iso`)).to.include(createHash('sha256').update(iso).digest('hex'))
    await settle(task('big.raw', { src: 'big.raw' }))
    expect(await native(`sha256sum <${AT}/p/big.raw`)).to.include(createHash('sha256').update(big).digest('hex'))
    expect(Number(await native(`du -k ${AT}/p/big.raw | cut -f1`))).to.be.lessThan(8 * 1024)
    await settle(task('big.qcow2', { src: 'big.raw', compressed: true }))
    expect(await native(`qemu-img compare -f raw -F qcow2 ${AT}/p/big.raw ${AT}/p/big.qcow2`)).to.include('identical')
    expect(await files()).to.equal('a.raw\nbig.qcow2\nbig.raw\nsmall.iso')
    // Another content is another volume, unless that is said.
    await writeFile(join(folder, 'small.iso'), randomBytes(70_000))
    expect(await checkState(volume, checking, task('small.iso', { src: 'small.iso' }))).to.deep.equal([])
    const force = task('small.iso', { src: 'small.iso', force: true })
    expect((await settle(force)).changes.map((one) => one.path)).to.deep.equal(['content'])
    await define(`${AT}/p/small.iso`, 'raw')
    await writeFile(join(folder, 'small.iso'), randomBytes(70_000))
    await refused(force, 'is not replaced: it is a disk of vfvol')
  })

  it('sends nothing that names files of the host', async () => {
    await native(`cd ${AT}/out && qemu-img create -q -f qcow2 -b /etc/shadow -F raw evil.qcow2 1M`)
    await writeFile(join(folder, 'evil.qcow2'), Buffer.from(await native(`base64 -w0 ${AT}/out/evil.qcow2`), 'base64'))
    await writeFile(join(folder, 'text.vmdk'), '# Disk DescriptorFile\nRW 1 FLAT "/etc/shadow" 0\n')
    await refused(task('e.qcow2', { src: 'evil.qcow2' }), 'evil.qcow2 names a backing file')
    await refused(task('e.qcow2', { src: 'text.vmdk' }), 'is a text about a VMDK')
    expect(await files()).to.equal('a.raw')
  })

  it('brings a volume to the controller, compared by checksum, without its holes', async () => {
    const dest = join(folder, 'back.raw')
    const input = task('a.raw', { dest })
    expect((await checkState(volume, checking, input)).map((one) => one.path)).to.deep.equal(['dest'])
    await settle(input)
    const sum = (await native(`sha256sum <${AT}/p/a.raw`)).slice(0, 64)
    expect(
      createHash('sha256')
        .update(await readFile(dest))
        .digest('hex'),
    ).to.equal(sum)
    expect((await stat(dest)).blocks * 512).to.be.lessThan(9 * MIB)
    await writeFile(dest, Buffer.alloc(16 * MIB))
    await settle(input)
    expect(
      createHash('sha256')
        .update(await readFile(dest))
        .digest('hex'),
    ).to.equal(sum)
    await refused(task('a.raw', { dest: '/nowhere/x' }), 'cannot write /nowhere/x of the controller')
    await native(
      `cd ${AT}/p && qemu-img create -q -f qcow2 -b a.raw -F raw top.qcow2 && virsh -q pool-refresh vfvolume`,
    )
    await refused(task('top.qcow2', { dest: join(folder, 'top') }), 'alone it is of no use')
    expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).to.deep.equal([])
  })

  it('is looked at in two round trips where it is as declared', async () => {
    const input = task('a.raw', { capacity: '16M' })
    expect((await roundsOf(host, () => checkState(volume, host, input))).rounds).to.be.at.most(2)
  })

  it('is shrunk only where that is said, and not under anything', async () => {
    await settle(task('b.qcow2', { capacity: '16M' }))
    await refused(task('b.qcow2', { capacity: '8M' }), 'never shrunk unasked')
    const input = task('b.qcow2', { capacity: '8M', allow_shrink: true })
    await native(`qemu-img create -q -f qcow2 -b ${AT}/p/b.qcow2 -F qcow2 ${AT}/p/top.qcow2`)
    await refused(input, 'is not shrunk: it is the base of .*top.qcow2')
    await native(`rm ${AT}/p/top.qcow2`)
    await define(`${AT}/p/b.qcow2`)
    await native('virsh -q start --paused vfvol')
    await refused(input, 'is not shrunk: vfvol has it, and runs')
    await native('virsh -q destroy vfvol')
    expect((await settle(input)).result.capacity).to.equal(8 * MIB)
  })

  it('is not deleted while anything needs it, however deep', async () => {
    await native(
      `cd ${AT} && qemu-img create -q -f qcow2 -b ${AT}/p/a.raw -F raw out/middle.qcow2 && mkdir far && qemu-img create -q -f qcow2 -b ${AT}/out/middle.qcow2 -F qcow2 far/top.qcow2`,
    )
    const gone = task('a.raw', { state: 'absent' })
    // A machine that is off names only the top; what is below it is nowhere else to be seen.
    await define(`${AT}/far/top.qcow2`)
    await refused(gone, `it is the base of ${AT}/out/middle.qcow2`)
    await native('virsh -q undefine vfvol')
    await native(`qemu-img create -q -f qcow2 -b a.raw -F raw ${AT}/p/beside.qcow2`)
    await refused(gone, `it is the base of ${AT}/p/beside.qcow2`)
    await native(`rm ${AT}/p/beside.qcow2`)
    await define(`${AT}/p/a.raw`, 'raw')
    await refused(gone, 'it is a disk of vfvol')
    await native('virsh -q undefine vfvol')
    expect((await checkState(volume, checking, gone)).map((one) => one.path)).to.deep.equal(['state'])
    expect(await files()).to.equal('a.raw')
    // A QEMU that libvirt does not know: that of another host, where the folder is shared.
    const qemu = `"$(command -v qemu-system-x86_64 || echo /usr/libexec/qemu-kvm)" -accel tcg -S -display none -nodefaults -drive file=${AT}/far/apart.qcow2,format=qcow2,if=virtio`
    await native(`qemu-img create -q -f qcow2 -b ${AT}/p/a.raw -F raw ${AT}/far/apart.qcow2
${heldScript('vf-hold-volume', qemu, `${AT}/far/apart.qcow2`)}`)
    await refused(gone, `${AT}/p/a.raw is in use by a QEMU`)
    expect(await files()).to.equal('a.raw')
    await native('systemctl stop vf-hold-volume')
    await settle(gone)
    expect(await files()).to.equal('')
  })
})
