import { expect } from 'chai'
import { ConnectionError } from '../../../../core/connection/errors.ts'
import { CODE, LibvirtError, LibvirtLost } from '../../../../core/libvirt/errors.ts'
import type { Host } from '../../../../core/module/types.ts'
import { refused } from '../../../../modules/libvirt/daemon/failure.ts'
import type { VmsArgs } from '../../../../modules/libvirt/vms/args.ts'
import { type Disks, makeDisks } from '../../../../modules/libvirt/vms/disks.ts'
import type { Making } from '../../../../modules/libvirt/vms/making.ts'
import { takeBack } from '../../../../modules/libvirt/vms/take-back.ts'

const definition = (os: string, devices = ''): string =>
  `<domain type='qemu'><name>web1</name><os${os}><type>hvm</type></os><devices>${devices}</devices></domain>`
const PLAIN = definition('')
const item = {
  vm: { name: 'web1', disks: [{ file: '/i/web1.qcow2' }, { file: '/i/web1-vdb.qcow2' }], seed: '/i/web1-seed.iso' },
  earlier: [],
} as unknown as Making
const notStarted = refused("VM 'web1'", new LibvirtError('no free port'))

interface Fake {
  /** What libvirt says of the VM now: a state, nothing, or an error. */
  readonly now?: string | Error
  /** What it says to undefining it. */
  readonly no?: Error
  /** What the script that deletes files prints. */
  readonly said?: string
}

function host({ now = 'shut off', no, said = '' }: Fake) {
  const asked: string[] = []
  const scripts: string[] = []
  const libvirt = {
    domainState: async () => {
      if (now instanceof Error) throw now
      return now === '' ? undefined : { state: now, reason: 'unknown' }
    },
    undefineDomain: async (_name: string, flags: string[]) => {
      asked.push(flags.join(' '))
      if (no) throw no
    },
  }
  const run = async ({ text }: { text: string }) => {
    scripts.push(text)
    return { status: 0, stdout: Buffer.from(said), stderr: Buffer.alloc(0) }
  }
  return { asked, scripts, host: { libvirt, run } as unknown as Host }
}

const NEW: Disks = { failures: new Map(), fresh: new Set(['/i/web1.qcow2', '/i/web1-vdb.qcow2']), noted: true }

async function taken(fake: Fake, error: Error, given: string | null = PLAIN, disks = NEW) {
  const at = host(fake)
  const failures = new Map([[item, error]])
  const defined = new Map(given === null ? [] : [[item, given]])
  await takeBack(at.host, { fleet: 'f' } as VmsArgs, { failures, defined, disks })
  return { ...at, said: failures.get(item)?.message }
}

describe('VMs that failed', () => {
  it('go with their definition, disk, seed and journal', async () => {
    const { asked, scripts, said } = await taken({}, notStarted)
    expect(asked).to.deep.equal(['--managed-save'])
    expect(scripts[0]).to.match(/rm -f -- \/i\/web1\.qcow2 \/i\/web1-vdb\.qcow2 \/i\/web1-seed\.iso .*web1\.json/s)
    expect(said).to.equal("VM 'web1': no free port")
  })

  for (const [what, xml, flags] of [
    ['the variables of their firmware', definition(" firmware='efi'"), '--managed-save --nvram'],
    ['their TPM', definition('', "<tpm model='tpm-crb'><backend type='emulator'/></tpm>"), '--managed-save --tpm'],
  ] as const)
    it(`go with ${what}`, async () => expect((await taken({}, notStarted, xml)).asked).to.deep.equal([flags]))

  it('tell what of them could not be deleted', async () => {
    const { said } = await taken(
      { said: "kept 0 rm: cannot remove '/i/web1.qcow2': Read-only file system\n" },
      notStarted,
    )
    expect(said).to.equal(
      "VM 'web1': no free port; it is left as it is: its files were not deleted: rm: cannot remove '/i/web1.qcow2': Read-only file system",
    )
  })

  for (const [what, fake, given] of [
    ['libvirt has none of it any more', { now: '' }, PLAIN],
    ['somebody was faster', { no: new LibvirtError('no domain', CODE.noDomain) }, PLAIN],
    ['they were never defined', { now: 'running' }, null],
  ] as const)
    it(`leave no file where ${what}`, async () => {
      expect((await taken(fake, notStarted, given)).scripts).to.have.length(1)
    })

  for (const [what, fake, error, why] of [
    ['they run all the same', { now: 'running' }, notStarted, /left as it is: it is running$/],
    ['libvirt keeps them', { no: new LibvirtError('cannot') }, notStarted, /its definition stays \(cannot\)$/],
    ['libvirt says nothing', { now: new LibvirtLost('gone') }, notStarted, /its definition stays \(gone\)$/],
    ['nobody knows how it ended', {}, refused('VM', new LibvirtLost('gone')), /is not known$/],
  ] as const)
    it(`keep all files where ${what}`, async () => {
      const { scripts, said } = await taken(fake, error)
      expect(scripts).to.deep.equal([])
      expect(said).to.match(why)
    })

  for (const [what, disks] of [
    ['one of their disks was there before', { ...NEW, fresh: new Set(['/i/web1-vdb.qcow2']) }],
    ['nobody knows which of them were there before', { ...NEW, fresh: new Set<string>() }],
    ['their journal may be that of a run before', { ...NEW, noted: false }],
  ] as const)
    it(`keep all files where ${what}`, async () => {
      expect((await taken({}, notStarted, PLAIN, disks)).scripts).to.deep.equal([])
    })

  it('are a matter of the connection where that is gone', async () => {
    const lost = new ConnectionError('lost', 'kvm1', 'gone')
    expect(await taken({ now: lost }, notStarted).catch((error: unknown) => error)).to.equal(lost)
    expect(await taken({}, lost, null).catch((error: unknown) => error)).to.equal(lost)
  })
})

describe('making disks', () => {
  const disk = (file: string) => ({ target: 'vda', file, base: undefined, size: 1n, cache: undefined })
  const entry = (name: string) => ({ name, uuid: name, files: [], cloudInit: false, ssh: false })
  const works = [
    { disks: [disk('/i/a'), disk('/i/a-vdb')], folders: ['/i'], entry: entry('a') },
    { disks: [disk('/i/b')], folders: ['/i'], entry: entry('b') },
  ]
  const made = async (stdout: string, status = 0) => {
    const run = async () => ({
      status,
      stdout: Buffer.from(stdout),
      stderr: Buffer.from(status === 0 ? '' : 'no space'),
    })
    const { failures, fresh, noted } = await makeDisks({ run } as unknown as Host, 'f', works)
    return { failures: [...failures].map(([name, e]) => `${name}: ${e.message}`), fresh: [...fresh], noted }
  }

  it('knows a disk for new only where the host said that it was not there', async () => {
    expect(await made('noted\nkept 0\nmade 1\nmade 2\n')).to.deep.equal({
      failures: [],
      fresh: ['/i/a-vdb', '/i/b'],
      noted: true,
    })
    expect(await made('noted\nmade 0\nsaid 1 full\nmade 2\n')).to.deep.equal({
      failures: ['a: full'],
      fresh: ['/i/a', '/i/a-vdb', '/i/b'],
      noted: true,
    })
  })

  it('takes nothing for new where the script was cut, or has not begun', async () => {
    expect(await made('', 1)).to.deep.equal({ failures: ['a: no space', 'b: no space'], fresh: [], noted: false })
    expect(await made('noted\nmade 0\n', 137)).to.deep.equal({
      failures: ['a: no space', 'b: no space'],
      fresh: ['/i/a'],
      noted: true,
    })
  })
})
