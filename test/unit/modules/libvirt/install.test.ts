import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import type { JsonObject } from '../../../../core/events/json.ts'
import { readDomain } from '../../../../core/libvirt/xml/domain.ts'
import { child, childrenOf, parseXml } from '../../../../core/libvirt/xml/element.ts'
import { ModuleFailure } from '../../../../core/module/types.ts'
import { placed } from '../../../../modules/libvirt/install/answer.ts'
import { installArgs } from '../../../../modules/libvirt/install/args.ts'
import { installing, stageOf } from '../../../../modules/libvirt/install/definition.ts'
import { diffInstall } from '../../../../modules/libvirt/install/diff.ts'
import { ramArchive } from '../../../../modules/libvirt/install/initrd.ts'
import type { InstallState } from '../../../../modules/libvirt/install/probe.ts'
import { imagesIn } from '../../../../modules/libvirt/install/tree.ts'
import { readSeed } from '../../../../modules/libvirt/seed/read.ts'

const DOMAIN =
  parseXml(`<domain><name>x</name><metadata><a:b xmlns:a='urn:a'/></metadata><os><type>hvm</type><boot dev='hd'/></os><on_reboot>restart</on_reboot>
<devices><disk type='file' device='disk'><source file='/x'/><target dev='vda'/><boot order='1'/></disk><disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk></devices></domain>`)
const args = (more: JsonObject = {}) => installArgs.parse({ name: 'x', iso: '/i.iso', disk_size: '1G', ...more })

describe('libvirt_install', () => {
  const mistakes: [JsonObject, string][] = [
    [{}, 'either iso, or tree'],
    [{ iso: '/i', kernel: '/k' }, 'either iso, or tree'],
    [{ kernel: 'k' }, 'absolute paths'],
    [{ tree: 'file:///x' }, 'is not a URL'],
    [{ iso: '/i', answer: { kind: 'preseed', content: '' } }, 'goes into the initrd'],
    [{ iso: '/i', answer: { kind: 'kickstart' } }, 'either src or content'],
  ]
  for (const [input, message] of mistakes)
    it(`refuses ${JSON.stringify(input)}`, () => {
      const { error } = installArgs.safeParse({ name: 'x', disk_size: '1G', ...input })
      expect(JSON.stringify(error?.issues)).to.include(message)
    })

  const domain = (state: string, reason = '') => ({ name: 'x', uuid: 'u', state, reason }) as never
  const state = (host: object = {}, more: Partial<InstallState> = {}): InstallState => ({
    check: false,
    answer: {
      kind: 'answer',
      value: { domain: undefined, stage: undefined, sameUuid: undefined, definition: DOMAIN, ...host },
    },
    missing: [],
    diskExists: false,
    ...more,
  })
  const table: [string, InstallState, JsonObject, string[] | string][] = [
    ['a new one', state(), {}, ['state']],
    ['one that is there', state({ domain: domain('running') }, { diskExists: true }), {}, []],
    ['one that is there, off, of whoever', state({ domain: domain('shut off', 'crashed') }), {}, []],
    ['one that is being installed', state({ domain: domain('running'), stage: 'started' }), {}, ['installation']],
    ['one that was prepared', state({ domain: domain('shut off'), stage: 'prepared' }), {}, ['installation']],
    ['one that has ended', state({ domain: domain('shut off', 'shutdown'), stage: 'started' }), {}, ['installation']],
    [
      'one that was cut off',
      state({ domain: domain('shut off', 'destroyed'), stage: 'started' }),
      {},
      'did not come to its end',
    ],
    [
      'one that crashed',
      state({ domain: domain('crashed', 'panicked'), stage: 'started' }),
      {},
      'did not come to its end',
    ],
    [
      'one of which nobody knows',
      state({ domain: domain('shut off', 'unknown'), stage: 'started' }),
      {},
      'did not come to its end',
    ],
    [
      'one that is taken for done',
      state({ domain: domain('shut off', 'unknown'), stage: 'started' }),
      { assume_finished: true },
      ['installation'],
    ],
    ['on a disk that is there', state({}, { diskExists: true }), {}, 'exists, and belongs to no machine'],
    ['from what is not there', state({}, { missing: ['/i.iso'] }), {}, 'has no /i.iso'],
    ['from what a check run has not brought', state({}, { missing: ['/i.iso'], check: true }), {}, ['state']],
    ['of no size', state(), { disk_size: 'big' }, 'is not a size'],
  ]
  for (const [what, of, input, expected] of table)
    it(what, () => {
      const act = () => diffInstall(of, args(input)).map((one) => one.path)
      if (typeof expected === 'string') expect(act).to.throw(ModuleFailure, expected)
      else expect(act()).to.deep.equal(expected)
    })

  it('boots the installer, and leaves the rest as it will be', () => {
    const direct = installing(DOMAIN, { kernel: '/k', initrd: '/r', kernelArgs: 'a b', answers: '/a.iso' })
    const os = child(direct, 'os')
    expect(os?.children.map((one) => [one.name, one.text])).to.deep.equal([
      ['type', 'hvm'],
      ['kernel', '/k'],
      ['initrd', '/r'],
      ['cmdline', 'a b'],
    ])
    expect(childrenOf(direct, 'on_reboot').map((one) => one.text)).to.deep.equal(['destroy'])
    expect(readDomain(direct).disks.map((d) => [d.target, d.source])).to.deep.equal([
      ['vda', '/x'],
      ['sda', undefined],
      ['sdb', '/a.iso'],
    ])
    expect(child(direct, 'metadata')?.children.map((one) => one.name)).to.deep.equal(['a:b', 'virtfleet:install'])
    const cd = installing(DOMAIN, { iso: '/i.iso', kernelArgs: '' })
    expect(childrenOf(child(cd, 'os'), 'boot').map((one) => one.attributes.dev)).to.deep.equal(['cdrom', 'hd'])
    expect(childrenOf(child(cd, 'devices'), 'disk').some((disk) => child(disk, 'boot'))).to.equal(false)
  })
  it('knows its own mark only', () => {
    expect(stageOf("<install stage='started'/>")).to.equal('started')
    expect(stageOf('<install stage="prepared"/>')).to.equal('prepared')
    expect(stageOf(undefined)).to.equal(undefined)
    expect(stageOf("<install stage='x'/>")).to.equal(undefined)
  })

  it('puts the answers where each installer looks', () => {
    const text = Buffer.from('#cloud-config\nautoinstall: {version: 1}\n')
    const kickstart = placed('kickstart', text, false)
    expect([kickstart.where, readSeed(kickstart.content)?.map((one) => one.name)]).to.deep.equal(['cd', ['ks.cfg']])
    expect(placed('kickstart', text, true).kernelArgs).to.equal('inst.ks=file:/ks.cfg')
    expect(placed('preseed', text, true).where).to.equal('initrd')
    expect(
      readSeed(placed('autoinstall', text, true).content)
        ?.map((one) => one.name)
        .sort(),
    ).to.deep.equal(['meta-data', 'user-data'])
    expect(() => placed('autoinstall', Buffer.from('autoinstall: {}'), false)).to.throw(ModuleFailure, '#cloud-config')
  })

  it('takes kernel and initrd from a .treeinfo, and nothing that leads elsewhere', () => {
    const info =
      '[general]\nkernel = no\n[images-x86_64]\ninitrd = images/pxeboot/initrd.img\r\nkernel = images/pxeboot/vmlinuz\n[images-aarch64]\nkernel=other\n'
    expect(imagesIn(info, 'x86_64')).to.deep.equal({
      kernel: 'images/pxeboot/vmlinuz',
      initrd: 'images/pxeboot/initrd.img',
    })
    expect(imagesIn(info, 'aarch64')).to.equal(undefined)
    for (const bad of ['../../x', 'a b', 'x;y'])
      expect(imagesIn(`[images-x86_64]\nkernel = ${bad}\ninitrd = i\n`, 'x86_64'), bad).to.equal(undefined)
  })

  describe('its archive', () => {
    it('is unpacked by cpio as it was', function () {
      this.timeout(60_000)
      const name = fc.stringMatching(/^[a-z][a-z0-9.]{0,12}$/)
      const files = fc.uniqueArray(
        fc.record({ name, content: fc.uint8Array({ maxLength: 50 }).map((b) => Buffer.from(b)) }),
        {
          selector: (one) => one.name,
          maxLength: 5,
        },
      )
      for (const all of fc.sample(files, 12)) {
        const archive = ramArchive(all)
        expect(archive.length % 4).to.equal(0)
        expect(ramArchive([...all].reverse()).equals(archive)).to.equal(true)
        const folder = mkdtempSync(join(tmpdir(), 'virtfleet-cpio-'))
        try {
          execFileSync('busybox', ['cpio', '-i'], { cwd: folder, input: archive, stdio: ['pipe', 'ignore', 'ignore'] })
          expect(readdirSync(folder).sort()).to.deep.equal(all.map((one) => one.name).sort())
          for (const one of all) expect(readFileSync(join(folder, one.name)).equals(one.content)).to.equal(true)
        } finally {
          rmSync(folder, { recursive: true })
        }
      }
    })
  })
})
