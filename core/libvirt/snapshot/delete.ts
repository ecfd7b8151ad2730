import { sh } from '../../connection/quote.ts'
import { isAbsent, LibvirtError, LibvirtLost, LibvirtNotAsked } from '../errors.ts'
import { refreshPoolsOf } from '../pools/refresh.ts'
import type { DoomedSnapshot, SnapshotHost } from './host.ts'
import { SnapshotKept, step } from './kept.ts'
import { mergeBack } from './merge.ts'

/**
 * Deletes a snapshot; what was written since an external one goes into its base, by libvirt, or by mergeBack where this libvirt
 * cannot. `children`: those made since, too. Raises SnapshotKept, and LibvirtError for what libvirt refuses with nothing to do
 * about it.
 */
export async function deleteSnapshot(
  host: SnapshotHost,
  doomed: DoomedSnapshot,
  options: { children: boolean },
): Promise<void> {
  const { libvirt } = host
  const { uuid, snapshot } = doomed
  const { name, type, memoryFile } = snapshot
  try {
    await libvirt.deleteSnapshot(uuid, name, options)
  } catch (error) {
    if (type === 'internal' || !isRefusal(error)) throw error
    // Older ones merge nothing by themselves, and some not on top of an internal one.
    const overlays = await mergeBack(host, doomed, error)
    await step(`forget '${name}'`, () => libvirt.deleteSnapshot(uuid, name, { metadataOnly: true }))
    await removeFiles(host, overlays)
  }
  if (type === 'internal') return
  await refreshPoolsOf(
    libvirt,
    snapshot.disks.flatMap((one) => one.overlay ?? []),
    host.signal,
  )
  // Some versions leave the file with the memory.
  if (memoryFile !== undefined) await removeFiles(host, [memoryFile])
}

/** Libvirt's no. Where the outcome is not known, libvirt may be at work on it still. */
const isRefusal = (error: unknown): error is LibvirtError =>
  error instanceof LibvirtError &&
  !(error instanceof LibvirtLost || error instanceof LibvirtNotAsked) &&
  !isAbsent(error)

/** Of what is no file (a volume of LVM), nothing goes. */
async function removeFiles(host: SnapshotHost, files: readonly string[]): Promise<void> {
  if (files.length === 0) return
  const done = await host.run(
    sh`s=0; for f in ${files}; do [ ! -f "$f" ] || LC_ALL=C rm -f -- "$f" || s=1; done; exit $s`,
  )
  if (done.status !== 0) throw new SnapshotKept(`it is merged, but a file is left: ${done.stderr.toString().trim()}`)
}
