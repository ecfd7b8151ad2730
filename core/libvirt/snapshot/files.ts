import { sh } from '../../connection/quote.ts'
import type { SnapshotHost } from './host.ts'
import type { Layer } from './layers.ts'

/** Removes images that nobody needs any more; what rm says where one is left. Of what is no file (a volume of LVM), nothing goes. */
export async function removeFiles(host: SnapshotHost, files: readonly string[]): Promise<string | undefined> {
  if (files.length === 0) return undefined
  const done = await host.run(
    sh`s=0; for f in ${files}; do [ ! -f "$f" ] || LC_ALL=C rm -f -- "$f" || s=1; done; exit $s`,
  )
  return done.status === 0 ? undefined : done.stderr.toString().trim()
}

/**
 * Whether all that is in an overlay is in its base, too, or it is gone: then nothing is lost with it. A guest that has written to the
 * base since makes them differ, as does a definition that somebody gave the base back without a merge: the two look alike.
 */
export async function isInBase(host: SnapshotHost, { overlay, base, format }: Layer): Promise<boolean> {
  const done = await host.run(
    sh`[ ! -f ${overlay} ] || qemu-img compare -U -q -f qcow2 -F ${format} -- ${overlay} ${base}`,
  )
  return done.status === 0
}
