import { expect } from 'chai'
import { ConnectionError } from '../../../../core/connection/errors.ts'
import { CODE, LibvirtError, LibvirtLost } from '../../../../core/libvirt/errors.ts'
import type { Host } from '../../../../core/module/types.ts'
import { refused } from '../../../../modules/libvirt/daemon/failure.ts'
import type { VmsArgs } from '../../../../modules/libvirt/vms/args.ts'
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

async function taken(fake: Fake, error: Error, given: string | null = PLAIN) {
  const at = host(fake)
  const failures = new Map([[item, error]])
  const defined = new Map(given === null ? [] : [[item, given]])
  await takeBack(at.host, { fleet: 'f' } as VmsArgs, { failures, defined, made: new Set([item.vm.name]) })
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

  it('are a matter of the connection where that is gone', async () => {
    const lost = new ConnectionError('lost', 'kvm1', 'gone')
    expect(await taken({ now: lost }, notStarted).catch((error: unknown) => error)).to.equal(lost)
    expect(await taken({}, lost, null).catch((error: unknown) => error)).to.equal(lost)
  })
})
