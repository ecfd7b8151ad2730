import { isAbsent, LibvirtError, LibvirtLost, LibvirtNotAsked } from '../errors.ts'
import { refreshPoolsOf } from '../pools/refresh.ts'
import { removeFiles } from './files.ts'
import type { ChosenSnapshot, SnapshotHost } from './host.ts'
import { SnapshotKept, step } from './kept.ts'
import type { Layer } from './layers.ts'
import { mergeBack } from './merge.ts'
import { demandDeletable } from './standing.ts'

/**
 * Deletes a snapshot; what was written since an external one goes into its base, by libvirt, or by mergeBack where this libvirt
 * cannot; not where others stand on its images. `children`: those made since, too. Raises SnapshotKept, and LibvirtError for what
 * libvirt refuses with nothing to do about it.
 */
export async function deleteSnapshot(
  host: SnapshotHost,
  doomed: ChosenSnapshot,
  options: { children: boolean },
): Promise<void> {
  const { libvirt } = host
  const { uuid, snapshot } = doomed
  const { name, type, memoryFile } = snapshot
  await demandDeletable(host, doomed, options)
  let left: readonly Layer[] = []
  try {
    await libvirt.deleteSnapshot(uuid, name, options)
  } catch (error) {
    if (type === 'internal' || !isRefusal(error)) throw error
    // Older ones merge nothing by themselves, and some not on top of an internal one.
    const merged = await mergeBack(host, doomed, error)
    left = merged.left
    await step(`forget '${name}'`, () => libvirt.deleteSnapshot(uuid, name, { metadataOnly: true }))
    await demandRemoved(host, merged.overlays)
  }
  if (type === 'internal') return
  await refreshPoolsOf(
    libvirt,
    snapshot.disks.flatMap((one) => one.overlay ?? []),
    host.signal,
  )
  // Some versions leave the file with the memory.
  if (memoryFile !== undefined) await demandRemoved(host, [memoryFile])
  demandNothingLeft(doomed, left)
}

/** Libvirt's no. Where the outcome is not known, libvirt may be at work on it still. */
const isRefusal = (error: unknown): error is LibvirtError =>
  error instanceof LibvirtError &&
  !(error instanceof LibvirtLost || error instanceof LibvirtNotAsked) &&
  !isAbsent(error)

async function demandRemoved(host: SnapshotHost, files: readonly string[]): Promise<void> {
  const left = await removeFiles(host, files)
  if (left !== undefined) throw new SnapshotKept(`it is merged, but a file is left: ${left}`)
}

/** Nobody but the user can tell whether what is in these is of use. */
function demandNothingLeft({ domain }: ChosenSnapshot, left: readonly Layer[]): void {
  if (left.length === 0) return
  const each = left.map(({ overlay, base }) => `${overlay} (not the same as ${base} any more)`).join(', ')
  throw new SnapshotKept(
    `it is forgotten, but '${domain}' was not on these images any more, and they are left: ${each}`,
    {
      hint: 'they were merged before, or put aside; remove them if nothing in them is needed: while they are there, nothing more is merged into their bases',
    },
  )
}
