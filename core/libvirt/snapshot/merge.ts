import type { LibvirtError } from '../errors.ts'
import { readDomain } from '../xml/domain.ts'
import { parseXml } from '../xml/element.ts'
import { childrenOf } from './children.ts'
import type { DoomedSnapshot, SnapshotHost } from './host.ts'
import { keptBy, SnapshotKept } from './kept.ts'
import { layersOf, mentions } from './layers.ts'
import { mergeOffline } from './offline.ts'
import { mergeOnline } from './online.ts'

/**
 * Merges what was written since an external snapshot back into the base: blockcommit while the guest runs, else qemu-img commit and
 * the old definition of the disk. Only where the snapshot is the latest, and each disk is what it says. `why`: libvirt's own
 * refusal, for the message. Answers with the images that the domain does not need any more. Raises SnapshotKept and LibvirtError.
 */
export async function mergeBack(host: SnapshotHost, doomed: DoomedSnapshot, why: LibvirtError): Promise<string[]> {
  const { libvirt } = host
  const { domain, uuid, snapshot } = doomed
  const [all, text, snapshots] = await Promise.all([
    libvirt.domains(),
    libvirt.domainXml(uuid),
    libvirt.snapshots(uuid),
  ])
  const now = all.find((one) => one.uuid === uuid)
  if (!now || text === undefined) throw new SnapshotKept(`there is no domain '${domain}' any more`)
  if (now.state === 'paused') throw keptBy(why, `'${domain}' is paused, and`, 'resume it, or shut it off')
  const children = await childrenOf(libvirt, uuid, snapshot.name, snapshots)
  if (children.length > 0)
    throw new SnapshotKept(`it is not merged: ${children.join(', ')} is on top of it`, {
      hint: 'remove the latest first',
    })
  const layers = layersOf(snapshot, readDomain(parseXml(text)), why)
  if (now.state === 'running') {
    for (const layer of layers) await mergeOnline(host, doomed, layer)
  } else if (now.state !== 'shut off') throw keptBy(why, `'${domain}' is ${now.state}, and`)
  else if (now.managedSave)
    throw keptBy(why, `'${domain}' has a saved state, which is of the images as they are, and`, 'start it first')
  else await mergeOffline(host, doomed, layers)
  const overlays = layers.map(({ overlay }) => overlay)
  await demandUnused(host, doomed, overlays)
  return overlays
}

async function demandUnused({ libvirt }: SnapshotHost, { domain, uuid }: DoomedSnapshot, overlays: readonly string[]) {
  const texts = await Promise.all([libvirt.domainXml(uuid), libvirt.domainXml(uuid, { inactive: true })])
  const definitions = texts.flatMap((text) => (text === undefined ? [] : [parseXml(text)]))
  const used = overlays.find((overlay) => definitions.some((one) => mentions(one, overlay)))
  if (used !== undefined) throw new SnapshotKept(`'${domain}' still has ${used}, which was to be merged into its base`)
}
