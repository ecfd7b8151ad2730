import type { LibvirtError } from '../errors.ts'
import { type Element, parseXml } from '../xml/element.ts'
import { childrenOf } from './children.ts'
import { isInBase, removeFiles } from './files.ts'
import type { ChosenSnapshot, SnapshotHost } from './host.ts'
import { keptBy, SnapshotKept } from './kept.ts'
import { type Layer, layersOf, mentions } from './layers.ts'
import { mergeOffline } from './offline.ts'
import { mergeOnline } from './online.ts'

/** What a merge leaves behind. */
export interface Merged {
  /** Images that nobody needs any more. */
  readonly overlays: readonly string[]
  /** Images that the domain was not on before, and that are not the same as their bases. */
  readonly left: readonly Layer[]
}

/**
 * Merges what was written since an external snapshot back into the base: blockcommit while the guest runs, else qemu-img commit and
 * the old definition of the disk. Only where the snapshot is the latest, and each disk is what it says, or was merged by a run that
 * was cut then. `why`: libvirt's own refusal, for the message. Raises SnapshotKept and LibvirtError.
 */
export async function mergeBack(host: SnapshotHost, doomed: ChosenSnapshot, why: LibvirtError): Promise<Merged> {
  const { libvirt } = host
  const { domain, uuid, snapshot } = doomed
  const [all, definitions, snapshots] = await Promise.all([
    libvirt.domains(),
    definitionsOf(host, uuid),
    libvirt.snapshots(uuid),
  ])
  const now = all.find((one) => one.uuid === uuid)
  if (!now || definitions.length === 0) throw new SnapshotKept(`there is no domain '${domain}' any more`)
  if (now.state === 'paused') throw keptBy(why, `'${domain}' is paused, and`, 'resume it, or shut it off')
  const children = await childrenOf(libvirt, uuid, snapshot.name, snapshots)
  if (children.length > 0)
    throw new SnapshotKept(`it is not merged: ${children.join(', ')} is on top of it`, {
      hint: 'remove the latest first',
    })
  const { due, merged } = layersOf(snapshot, definitions, why)
  if (now.state === 'running') {
    for (const layer of due) {
      await mergeOnline(host, doomed, layer)
      await demandUnused(host, doomed, [layer.overlay])
      // Not later than now: the guest writes on, and no run that comes after a cut could tell that all of it is in the base.
      await removeFiles(host, [layer.overlay])
    }
  } else if (now.state !== 'shut off') throw keptBy(why, `'${domain}' is ${now.state}, and`)
  else if (now.managedSave)
    throw keptBy(why, `'${domain}' has a saved state, which is of the images as they are, and`, 'start it first')
  else if (due.length > 0) await mergeOffline(host, doomed, due)
  const overlays = due.map(({ overlay }) => overlay)
  const left: Layer[] = []
  for (const layer of merged) {
    if (await isInBase(host, layer)) overlays.push(layer.overlay)
    else left.push(layer)
  }
  await demandUnused(host, doomed, overlays)
  return { overlays, left }
}

/** As it is now, and as at its next boot. */
async function definitionsOf({ libvirt }: SnapshotHost, uuid: string): Promise<Element[]> {
  const texts = await Promise.all([libvirt.domainXml(uuid), libvirt.domainXml(uuid, { inactive: true })])
  return texts.flatMap((text) => (text === undefined ? [] : [parseXml(text)]))
}

async function demandUnused(host: SnapshotHost, { domain, uuid }: ChosenSnapshot, overlays: readonly string[]) {
  const definitions = await definitionsOf(host, uuid)
  const used = overlays.find((overlay) => definitions.some((one) => mentions(one, overlay)))
  if (used !== undefined) throw new SnapshotKept(`'${domain}' still has ${used}, which was to be merged into its base`)
}
