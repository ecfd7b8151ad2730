import { expect } from 'chai'
import type { ShellText } from '../../../../core/connection/quote.ts'
import type { CommandResult } from '../../../../core/connection/types.ts'
import { CODE, LibvirtError, LibvirtLost, LibvirtNotAsked } from '../../../../core/libvirt/errors.ts'
import { NO_QEMU_IMG } from '../../../../core/libvirt/images/scan.ts'
import { deleteSnapshot } from '../../../../core/libvirt/snapshot/delete.ts'
import { SnapshotKept } from '../../../../core/libvirt/snapshot/kept.ts'
import { readSnapshot } from '../../../../core/libvirt/snapshot/read.ts'
import type { Libvirt } from '../../../../core/libvirt/types.ts'
import { domainText, EXTERNAL, INTERNAL } from './texts.ts'

const REFUSAL = new LibvirtError('deletion of 1 external disk snapshots not supported yet', 67)
const INFO = JSON.stringify({ 'backing-filename': '/i/web1.qcow2' })

interface World {
  state?: string
  managedSave?: boolean
  refusal?: LibvirtError
  /** Other snapshots of the domain. */
  others?: Record<string, string>
  /** What qemu-img info says. */
  info?: string
  commit?: string
  /** The disk stays on the image on top, whatever is merged. */
  stuck?: boolean
  rm?: string
  /** What it is on to begin with. */
  image?: string
  /** What qemu-img compare comes to. */
  differs?: boolean
  /** A job that goes on, as `<mirror>`. */
  mirror?: string
  /** Images of the host, as scanChains prints them, and folders that cannot be looked into. */
  images?: string
  closed?: string
  noQemuImg?: boolean
  /** What is found in /j, where that is looked into. */
  inJ?: string
}

/** A host of that kind, and what is done to it. */
function hostOf(world: World) {
  const { state = 'shut off', managedSave = false, others = {}, info = INFO } = world
  const acts: string[] = []
  let image = world.image ?? '/i/web1.s'
  const merged = (): void => {
    if (!world.stuck) image = '/i/web1.qcow2'
  }
  const libvirt: Partial<Libvirt> = {
    domains: async () => [{ uuid: 'u', name: 'web1', state, managedSave } as never],
    domainXml: async () => domainText(image).replace('<target', `${world.mirror ?? ''}<target`),
    snapshots: async () => ['s', ...Object.keys(others)],
    snapshotXml: async (_, name) => others[name],
    pools: async () => [],
    native: async () => undefined,
    async deleteSnapshot(_, name, { metadataOnly, children } = {}) {
      if (!metadataOnly && world.refusal) throw world.refusal
      acts.push(`${metadataOnly ? 'forget' : 'delete'} ${name}${children ? ' and all since' : ''}`)
    },
    async commitBlock(_, disk, { top, base } = {}) {
      acts.push(`commit ${disk}: ${top} into ${base}`)
    },
    blockJob: async () => ({ type: 'active commit', current: 1, end: 1 }),
    async abortBlockJob(_, disk) {
      acts.push(`pivot ${disk}`)
      merged()
    },
    async defineDomain() {
      acts.push('define')
      merged()
    },
  }
  const said = (stderr: string | undefined, stdout = ''): CommandResult =>
    ({
      status: stderr === undefined ? 0 : 1,
      stdout: Buffer.from(stdout),
      stderr: Buffer.from(stderr ?? ''),
    }) as CommandResult
  const host = {
    libvirt: libvirt as Libvirt,
    async read(script: ShellText) {
      if (String(script).includes('command -v qemu-img'))
        return {
          ...said(undefined, (String(script).includes('for d in /j;') ? world.inJ : world.images) ?? ''),
          status: world.noQemuImg ? NO_QEMU_IMG : 0,
        }
      return said(undefined, String(script).includes('ls --') ? (world.closed ?? '') : info)
    },
    async run(script: ShellText) {
      if (String(script).includes('qemu-img compare')) return said(world.differs ? '' : undefined)
      const remove = /for f in (\S+);/.exec(String(script))?.[1]
      acts.push(remove === undefined ? String(script) : `rm ${remove}`)
      return said(remove === undefined ? world.commit : world.rm)
    },
    progress: () => undefined,
  }
  return { host, acts }
}

/** What was done, and what was said against it. */
async function deleted(world: World, { xml = EXTERNAL, children = false } = {}) {
  const { host, acts } = hostOf(world)
  const doomed = { domain: 'web1', uuid: 'u', snapshot: readSnapshot(xml) }
  const error: unknown = await deleteSnapshot(host, doomed, { children }).then(
    () => undefined,
    (error: unknown) => error,
  )
  return { acts, error }
}

describe('deleting a snapshot', () => {
  it('is left to libvirt', async () => {
    expect(await deleted({})).to.deep.equal({ acts: ['delete s'], error: undefined })
    expect(await deleted({}, { xml: INTERNAL, children: true })).to.deep.equal({
      acts: ['delete s and all since'],
      error: undefined,
    })
  })

  it('takes the file with the memory along', async () => {
    const xml = EXTERNAL.replace("<memory snapshot='no'/>", "<memory snapshot='external' file='/m'/>")
    expect((await deleted({}, { xml })).acts).to.deep.equal(['delete s', 'rm /m'])
  })

  it('merges what is off where libvirt does not', async () => {
    expect(await deleted({ refusal: REFUSAL })).to.deep.equal({
      acts: ['qemu-img commit -q -f qcow2 -- /i/web1.s', 'define', 'forget s', 'rm /i/web1.s'],
      error: undefined,
    })
  })

  it('merges what runs where libvirt does not', async () => {
    expect(await deleted({ refusal: REFUSAL, state: 'running' })).to.deep.equal({
      acts: ['commit vda: /i/web1.s into /i/web1.qcow2', 'pivot vda', 'rm /i/web1.s', 'forget s', 'rm /i/web1.s'],
      error: undefined,
    })
  })

  it('goes on where a run was cut: with the job that is at work', async () => {
    const mirror = "<mirror job='active-commit' ready='yes'><source file='/i/web1.qcow2'/></mirror>"
    const { acts, error } = await deleted({ refusal: REFUSAL, state: 'running', mirror })
    expect([acts[0], error]).to.deep.equal(['pivot vda', undefined])
    const other = mirror.replace('web1.qcow2', 'else.qcow2')
    expect((await deleted({ refusal: REFUSAL, state: 'running', mirror: other })).acts[0]).to.match(/^commit vda/)
  })

  for (const state of ['running', 'shut off'])
    it(`goes on where a run was cut: with what is merged and not forgotten, ${state}`, async () => {
      const merged = { refusal: REFUSAL, state, image: '/i/web1.qcow2' }
      expect(await deleted(merged)).to.deep.equal({ acts: ['forget s', 'rm /i/web1.s'], error: undefined })
      const { acts, error } = await deleted({ ...merged, differs: true })
      expect(acts).to.deep.equal(['forget s'])
      expect(error)
        .to.be.instanceOf(SnapshotKept)
        .with.property('message')
        .that.includes('they are left: /i/web1.s (not the same as /i/web1.qcow2 any more)')
    })

  const seen = (path: string, info: string) => `8:${path}|regular file|xfs\0${path}\0${info}\0`
  const chain = seen('/i/web1.s', INFO) + seen('/i/web1.qcow2', '{}')
  const foreign: [string, World, string][] = [
    ['another image stands on its base', { images: chain + seen('/i/x', INFO) }, 'it is the base of /i/x'],
    ['what an image is on cannot be told', { images: chain + seen('/i/x', '') }, 'cannot tell what /i/x is on'],
    ['a folder cannot be looked into', { images: chain, closed: '/i\0' }, '/i cannot be looked into'],
    [
      'an image stands beside its base, which is elsewhere than the snapshot says',
      {
        images: seen('/i/web1.s', INFO.replace('/i/', '/j/')) + seen('/j/web1.qcow2', '{}'),
        inJ: seen('/j/x', INFO.replace('/i/', '/j/')),
      },
      'it is the base of /j/x',
    ],
    ['there is no qemu-img', { noQemuImg: true }, 'not known without qemu-img'],
  ]
  for (const [what, world, message] of foreign)
    it(`is not even asked of libvirt where ${what}; an internal one is`, async () => {
      const { acts, error } = await deleted(world)
      expect(acts).to.deep.equal([])
      expect(error).to.be.instanceOf(SnapshotKept).with.property('message').that.includes(message)
      expect(await deleted(world, { xml: INTERNAL })).to.deep.equal({ acts: ['delete s'], error: undefined })
    })

  it('counts external ones that were made since an internal one, and go with it', async () => {
    const since = EXTERNAL.replace('<name>s</name>', '<name>t</name>').replace('<name>p</name>', '<name>s</name>')
    const between = '<domainsnapshot><name>s2</name><parent><name>s</name></parent></domainsnapshot>'
    const world = {
      images: chain + seen('/i/x', INFO),
      others: { s2: between, t: since.replace('<name>s</name></parent>', '<name>s2</name></parent>') },
    }
    expect((await deleted(world, { xml: INTERNAL, children: true })).error).to.be.instanceOf(SnapshotKept)
    expect((await deleted(world, { xml: INTERNAL })).acts).to.deep.equal(['delete s'])
  })

  const child = '<domainsnapshot><name>t</name><parent><name>s</name></parent></domainsnapshot>'
  const untouched: [string, World, string][] = [
    ['is paused', { state: 'paused' }, "'web1' is paused, and: deletion of 1 external"],
    ['has crashed', { state: 'crashed' }, "'web1' is crashed, and: deletion of 1 external"],
    ['has a saved state', { managedSave: true }, "'web1' has a saved state, "],
    ['has another one on top', { others: { t: child } }, 'it is not merged: t is on top of it'],
    ['is on another image', { info: '{"backing-filename":"/i/x"}' }, '/i/web1.s is not on top of /i/web1.qcow2'],
  ]
  for (const [what, world, message] of untouched)
    it(`does nothing to what ${what}`, async () => {
      const { acts, error } = await deleted({ refusal: REFUSAL, ...world })
      expect(acts).to.deep.equal([])
      expect(error).to.be.instanceOf(SnapshotKept).with.property('message').that.includes(message)
    })

  it('goes round no error that is no refusal, and none of an internal one', async () => {
    const others = [
      new LibvirtLost('End of file while reading data'),
      new LibvirtNotAsked('no folder'),
      new LibvirtError('no domain snapshot with matching name', CODE.noSnapshot),
    ]
    for (const refusal of others) expect(await deleted({ refusal })).to.deep.equal({ acts: [], error: refusal })
    expect(await deleted({ refusal: REFUSAL }, { xml: INTERNAL })).to.deep.equal({ acts: [], error: REFUSAL })
  })

  it('leaves the definition and the images where one cannot be merged', async () => {
    const { acts, error } = await deleted({ refusal: REFUSAL, commit: 'No space left on device' })
    expect(acts).to.deep.equal(['qemu-img commit -q -f qcow2 -- /i/web1.s'])
    expect(error).to.have.property('message', 'merge /i/web1.s: No space left on device')
  })

  it('removes no image that the domain has still', async () => {
    const { acts, error } = await deleted({ refusal: REFUSAL, state: 'running', stuck: true })
    expect(acts.slice(1)).to.deep.equal(['pivot vda'])
    expect(error).to.have.property('message', "'web1' still has /i/web1.s, which was to be merged into its base")
  })

  it('says which file is left', async () => {
    const { error } = await deleted({ refusal: REFUSAL, rm: "rm: cannot remove '/i/web1.s': Read-only file system" })
    expect(error).to.have.property(
      'message',
      "it is merged, but a file is left: rm: cannot remove '/i/web1.s': Read-only file system",
    )
  })
})
