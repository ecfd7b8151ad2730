import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import type { JsonObject } from '../../../core/events/json.ts'
import install from '../../../modules/libvirt/libvirt_install.ts'
import { checkState, type DrivenHost, runState } from '../module-driver.ts'
import { type LibvirtLab, openLibvirtLab } from './lab.ts'
import { roundsOf } from './rounds.ts'

const AT = '/srv/vfinstall'

/** A kernel as QEMU boots it (Multiboot 1), of that machine code and nothing else. */
function kernel(code: readonly number[]): Buffer {
  const load = 0x100000
  const [header, body] = [Buffer.alloc(32), Buffer.from(code)]
  const words = [
    0x1badb002,
    0x10000,
    (0x100000000 - 0x1badb002 - 0x10000) % 0x100000000,
    load,
    load,
    load + 32 + body.length,
    load + 32 + body.length,
    load + 32,
  ]
  for (const [i, word] of words.entries()) header.writeUInt32LE(word, 4 * i)
  return Buffer.concat([header, body])
}
const HALT = [0xf4, 0xeb, 0xfd]
/** Turns the machine off by ACPI, resets it, or stands still. */
const KERNELS = {
  off: kernel([0x66, 0xba, 0x04, 0x06, 0x66, 0xb8, 0x00, 0x20, 0x66, 0xef, ...HALT]),
  reboot: kernel([0x66, 0xba, 0xf9, 0x0c, 0xb0, 0x06, 0xee, ...HALT]),
  still: kernel(HALT),
}

describe('libvirt_install on a real libvirtd', function () {
  this.timeout(300_000)
  let lab: LibvirtLab
  let host: DrivenHost
  let checking: DrivenHost

  before(async () => {
    lab = await openLibvirtLab(1)
    const templates = fileURLToPath(new URL('../../../templates', import.meta.url))
    const find = async (_kind: string, name: string) => `${templates}/${name}`
    host = { ...lab.hosts[0]!, files: { ...lab.hosts[0]!.files, find } }
    checking = { ...lab.checking[0]!, files: host.files }
  })
  beforeEach(async () => {
    await clean()
    const files = Object.entries(KERNELS).map(
      ([name, bytes]) => `printf %s ${bytes.toString('base64')} | base64 -d >${name}`,
    )
    await lab.native(0, `mkdir -p ${AT} && cd ${AT} && ${files.join(' && ')} && printf abcdef >ramdisk`)
  })
  after(async () => {
    await clean()
    await lab.close()
  })
  async function clean(): Promise<void> {
    await lab.native(
      0,
      `(virsh destroy vfi; virsh undefine vfi; rm -rf ${AT} /var/lib/libvirt/boot/virtfleet-vfi) >/dev/null 2>&1; true`,
    )
  }
  const task = (what: keyof typeof KERNELS, more: JsonObject = {}): JsonObject => ({
    name: 'vfi',
    kernel: `${AT}/${what}`,
    initrd: `${AT}/ramdisk`,
    disk: `${AT}/vfi.qcow2`,
    disk_size: '8M',
    memory: '64MiB',
    vcpus: 1,
    state: 'stopped',
    timeout: 60,
    variables: { interfaces: [], acceleration: 'tcg' },
    ...more,
  })
  const left = () =>
    lab.native(
      0,
      'virsh -q list --all --name | grep vfi; ls -d /var/lib/libvirt/boot/virtfleet-* 2>/dev/null; ls /srv/vfinstall',
    )
  const refused = (input: JsonObject, message: string) =>
    runState(install, host, input).then(
      () => expect.fail('installed'),
      (error: Error) => expect(error.message).to.include(message),
    )

  for (const how of ['off', 'reboot'] as const)
    it(`installs, and boots from the disk when the installer has come to ${how}; once`, async () => {
      expect((await checkState(install, checking, task(how))).map((one) => one.path)).to.deep.equal(['state'])
      const round = await runState(install, host, task(how, { answer: { kind: 'preseed', content: 'd-i x\n' } }))
      expect(round.left).to.deep.equal([])
      const xml = await lab.native(0, 'virsh dumpxml --inactive vfi')
      expect(xml).to.include("<boot dev='hd'/>").and.to.include('<on_reboot>restart</on_reboot>')
      expect(xml).not.to.match(/<kernel>|<initrd>|cmdline|virtfleet/)
      expect(await lab.native(0, 'virsh domuuid vfi')).to.equal(round.result.uuid)
      expect(await left()).to.equal('vfi\noff\nramdisk\nreboot\nstill\nvfi.qcow2')
      const writes = host.writes()
      expect((await runState(install, host, task(how))).changes).to.deep.equal([])
      expect(host.writes()).to.equal(writes)
    })

  it('starts it where it is to run', async () => {
    const round = await runState(install, host, task('off', { state: 'running' }))
    expect(round.result.state).to.equal('running')
  })

  it('gives the installer its answers, and goes on waiting in the next run', async () => {
    await refused(
      task('still', { timeout: 2, kernel_args: 'extra', answer: { kind: 'preseed', content: 'd-i x\n' } }),
      'did not end within 2 s',
    )
    const xml = await lab.native(0, 'virsh dumpxml vfi')
    expect(xml).to.include('<cmdline>auto=true priority=critical extra</cmdline>')
    const ram = /<initrd>(.*)<\/initrd>/.exec(xml)?.[1]
    expect(await lab.native(0, `head -c 6 ${ram}; tail -c +9 ${ram} | busybox cpio -t 2>/dev/null`)).to.equal(
      'abcdefpreseed.cfg',
    )
    expect((await checkState(install, checking, task('still'))).map((one) => one.path)).to.deep.equal(['installation'])
    // The installer ends; the run that waits for it finishes the machine.
    await lab.native(0, "(sleep 2; virsh qemu-monitor-command vfi --hmp 'system_reset') >/dev/null 2>&1 & true")
    expect((await runState(install, host, task('still'))).left).to.deep.equal([])
    expect(await lab.native(0, 'virsh dumpxml --inactive vfi')).not.to.match(/<kernel>|virtfleet/)
  })

  it('does not take for installed what was cut off', async () => {
    await refused(task('still', { timeout: 1 }), 'did not end within')
    await lab.native(0, 'virsh -q destroy vfi')
    await refused(task('still'), 'did not come to its end')
    expect((await runState(install, host, task('still', { assume_finished: true }))).left).to.deep.equal([])
  })

  it('has a kickstart on a CD beside that of the installer', async () => {
    await lab.native(0, `truncate -s 64k ${AT}/installer.iso`)
    const { kernel: _kernel, initrd: _initrd, ...rest } = task('off') as Record<string, never>
    await refused(
      { ...rest, iso: `${AT}/installer.iso`, timeout: 1, answer: { kind: 'kickstart', content: 'text\n' } },
      'did not end within',
    )
    const cds = await lab.native(0, "virsh domblklist vfi | awk '/sd/ {print $2}'")
    expect(cds).to.equal(`${AT}/installer.iso\n/var/lib/libvirt/boot/virtfleet-vfi/answers.iso`)
    expect(await lab.native(0, 'blkid -p -s LABEL -o value /var/lib/libvirt/boot/virtfleet-vfi/answers.iso')).to.equal(
      'OEMDRV',
    )
  })

  it('leaves nothing of what fails before the installer runs', async () => {
    const before = await left()
    await lab.native(0, `echo no kernel >${AT}/off`)
    await refused(task('off'), "start 'vfi'")
    expect(await left()).to.equal(before)
    await refused(task('off', { kernel: `${AT}/none` }), `the host has no ${AT}/none`)
    await lab.native(0, `echo mine >${AT}/vfi.qcow2`)
    await refused(task('off'), 'belongs to no machine')
    expect(await lab.native(0, `cat ${AT}/vfi.qcow2`)).to.equal('mine')
  })

  it('looks in one round trip', async () => {
    expect((await roundsOf(host, () => checkState(install, host, task('off')))).rounds).to.be.at.most(1)
  })
})
