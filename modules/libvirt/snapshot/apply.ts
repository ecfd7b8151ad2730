import { refreshPoolsOf } from '../../../core/libvirt/pools/refresh.ts'
import { deleteSnapshot } from '../../../core/libvirt/snapshot/delete.ts'
import { SnapshotKept } from '../../../core/libvirt/snapshot/kept.ts'
import { revertTo } from '../../../core/libvirt/snapshot/revert.ts'
import { escapeXml } from '../../../core/libvirt/xml/element.ts'
import type { Host } from '../../../core/module/types.ts'
import { ModuleFailure } from '../../../core/module/types.ts'
import { requireAnswer } from '../daemon/ask.ts'
import { attempt } from '../daemon/failure.ts'
import type { SnapshotArgs } from './args.ts'
import { writableDisks } from './diff.ts'
import { keptFailure } from './kept.ts'
import { type FoundDomain, type SnapshotState, takesChildren } from './probe.ts'

export async function applySnapshot(host: Host, a: SnapshotArgs, state: SnapshotState): Promise<undefined> {
  const found = requireAnswer(state.answer)
  if (!found) throw new ModuleFailure(`there is no domain '${a.domain}'`)
  const { uuid } = found.summary
  const { libvirt } = host
  if (a.state === 'absent') await remove(host, a, found)
  else if (a.state === 'reverted') await revert(host, a, found)
  else {
    const external =
      a.type === 'external' ? { atomic: true, diskOnly: !a.memory, quiesce: a.quiesce, live: a.live } : {}
    await attempt(`snapshot '${a.name}' of '${a.domain}'`, () =>
      libvirt.createSnapshot(uuid, snapshotXml(a, found), external),
    )
    const folders = writableDisks(found).map(({ source }) =>
      a.folder === undefined ? (source ?? '') : `${a.folder}/x`,
    )
    if (a.type === 'external') await refreshPoolsOf(libvirt, folders, host.signal)
  }
  return undefined
}

/** The snapshot that the task declares, for libvirt. */
export function snapshotXml(a: SnapshotArgs, found: FoundDomain): string {
  const description = a.description === undefined ? '' : `<description>${escapeXml(a.description)}</description>`
  const head = `<domainsnapshot><name>${escapeXml(a.name)}</name>${description}`
  if (a.type === 'internal') return `${head}</domainsnapshot>`
  const memory = a.memory
    ? `<memory snapshot='external' file='${escapeXml(a.memory_path ?? '')}'/>`
    : "<memory snapshot='no'/>"
  const disks = writableDisks(found).map(({ target, source }) => {
    const name = `<disk name='${escapeXml(target)}'`
    if (a.disks?.includes(target) === false) return `${name} snapshot='no'/>`
    if (a.folder === undefined) return `${name} snapshot='external'/>`
    const file = escapeXml(overlayIn(a.folder, source ?? target, a.name))
    return `${name} snapshot='external'><source file='${file}'/></disk>`
  })
  return `${head}${memory}<disks>${disks.join('')}</disks></domainsnapshot>`
}

/** As libvirt names it beside the old image: its name with that of the snapshot instead of the extension. */
function overlayIn(folder: string, source: string, snapshot: string): string {
  const name = source.slice(source.lastIndexOf('/') + 1).replace(/\.[^.]*$/, '')
  return `${folder.replace(/\/$/, '')}/${name}.${snapshot}`
}

async function remove(host: Host, a: SnapshotArgs, found: FoundDomain): Promise<void> {
  const children = takesChildren(a, found.snapshot!)
  await unlessKept(a, `delete '${a.name}' of '${a.domain}'`, () =>
    deleteSnapshot(host, chosenIn(found, a), { children }),
  )
}

async function revert(host: Host, a: SnapshotArgs, found: FoundDomain): Promise<void> {
  const next = a.start === 'as_was' ? {} : { [a.start]: true }
  await unlessKept(a, `revert '${a.domain}' to '${a.name}'`, () => revertTo(host, chosenIn(found, a), next))
}

const chosenIn = ({ summary, snapshot }: FoundDomain, a: SnapshotArgs) => ({
  domain: a.domain,
  uuid: summary.uuid,
  snapshot: snapshot!,
})

async function unlessKept(a: SnapshotArgs, what: string, act: () => Promise<void>): Promise<void> {
  try {
    await attempt(what, act)
  } catch (error) {
    throw error instanceof SnapshotKept ? keptFailure(a, error) : error
  }
}
