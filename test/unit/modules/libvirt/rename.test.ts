import { expect } from 'chai'
import { CODE, LibvirtError, LibvirtLost } from '../../../../core/libvirt/errors.ts'
import { parseXml } from '../../../../core/libvirt/xml/element.ts'
import type { Host } from '../../../../core/module/types.ts'
import type { DomainArgs } from '../../../../modules/libvirt/domain/args.ts'
import type { FoundDomain } from '../../../../modules/libvirt/domain/probe.ts'
import { renameDomain } from '../../../../modules/libvirt/domain/rename.ts'

const FOLDER = '/var/lib/libvirt/qemu/nvram'
const efi = (nvram: string) =>
  parseXml(`<domain><name>old</name><os firmware='efi'><type>hvm</type>${nvram}</os></domain>`)
const SAID = efi(`<nvram>${FOLDER}/old_VARS.fd</nvram>`)

interface Fake {
  readonly config?: FoundDomain['config']
  /** Files that are there. */
  readonly files?: readonly string[]
  /** What libvirt says to the rename. */
  readonly no?: Error
  /** Names that it knows afterwards. */
  readonly names?: readonly string[]
}

/** A host that moves files as the script says, and what was moved and defined on it. */
async function renamed({ config = SAID, files = ['old_VARS.fd'], no, names = ['old'] }: Fake) {
  const there = new Set(files.map((name) => `${FOLDER}/${name}`))
  const defined: string[] = []
  const run = async ({ text }: { text: string }) => {
    const [, from = '', into = ''] = /mv -n -- (\S+) (\S+)/.exec(text) ?? []
    const isBack = !text.includes('exit 0')
    if (!there.has(from) || (isBack && there.has(into)))
      return { status: 0, stdout: Buffer.from(''), stderr: Buffer.alloc(0) }
    if (there.has(into)) return { status: 90, stdout: Buffer.from(''), stderr: Buffer.alloc(0) }
    there.delete(from)
    there.add(into)
    return { status: 0, stdout: Buffer.from('moved\n'), stderr: Buffer.alloc(0) }
  }
  const libvirt = {
    defineDomain: async (xml: string) => {
      defined.push(/old_VARS|new_VARS/.exec(xml)?.[0] ?? '')
    },
    renameDomain: async () => {
      if (no) throw no
    },
    domainState: async (name: string) => (names.includes(name) ? { state: 'shut off' } : undefined),
  }
  const found = { summary: { name: 'old', uuid: 'u' }, config } as unknown as FoundDomain
  const error = await renameDomain({ run, libvirt } as unknown as Host, found, { name: 'new' } as DomainArgs).then(
    () => '',
    (e: Error) => e.message,
  )
  return { files: [...there].map((path) => path.slice(FOLDER.length + 1)).sort(), defined, error }
}

describe('a new name of a machine with firmware variables', () => {
  it('is that of the variables, too', async () => {
    expect(await renamed({})).to.deep.equal({ files: ['new_VARS.fd'], defined: ['new_VARS'], error: '' })
    expect((await renamed({ config: efi('') })).defined).to.deep.equal([])
  })

  it('leaves them where they were when libvirt refuses it', async () => {
    const { files, defined, error } = await renamed({ no: new LibvirtError('no', CODE.noDomain) })
    expect([files, defined]).to.deep.equal([['old_VARS.fd'], ['new_VARS', 'old_VARS']])
    expect(error).to.match(/no$/)
  })

  it('leaves them with the new one where the daemon went away behind it, and with the old one before', async () => {
    const lost = new LibvirtLost('gone')
    expect((await renamed({ no: lost, names: ['new'] })).files).to.deep.equal(['new_VARS.fd'])
    expect((await renamed({ no: lost, names: ['old'] })).files).to.deep.equal(['old_VARS.fd'])
  })

  it('takes nobody else their variables', async () => {
    const both = await renamed({ files: ['old_VARS.fd', 'new_VARS.fd'] })
    expect([both.files, both.defined]).to.deep.equal([['new_VARS.fd', 'old_VARS.fd'], []])
    expect(both.error).to.match(/there are firmware variables in both/)
    // It has none itself, and the rename fails: those of the new name stay what they are.
    const stranger = await renamed({ files: ['new_VARS.fd'], no: new LibvirtError('no') })
    expect(stranger.files).to.deep.equal(['new_VARS.fd'])
  })
})
