import type { Snapshot } from './read.ts'
import { type Chains, type OwnDisk, type Touched, touchedBy } from './touched.ts'

/** What is about to be done with a snapshot, as far as images are concerned. */
export interface Deed {
  /** What becomes of it where it is refused. */
  readonly refused: string
  /** How somebody does it who knows better. */
  readonly byHand: string
  /** Images that it may concern; where there are none, nobody needs to be asked. */
  readonly paths: readonly string[]
  /** Images that snapshots made for the domain: what these are on top of is in no doubt. */
  readonly overlays: readonly string[]
  /** Snapshots of the domain that must not lose what they go back to. */
  readonly staying: readonly Snapshot[]
  /** Which images are written to or removed. */
  touched(own: readonly OwnDisk[], chains: Chains): Touched[]
}

/**
 * The deletion of snapshots. Internal ones are not asked about: they go from their own image, whose active clusters stay where they are
 * and as they are; these are all that an image on top sees. While a guest runs on that, QEMU's lock keeps the image from being
 * opened to be changed. Pure.
 */
export function deletionOf(going: readonly Snapshot[]): Deed {
  const disks = going.flatMap((one) => one.disks.filter((disk) => disk.external))
  return {
    refused: 'nothing is merged',
    byHand: 'delete the snapshot by virsh snapshot-delete',
    paths: disks.flatMap(({ overlay, base }) => [overlay, base?.source].filter((path) => path !== undefined)),
    overlays: disks.flatMap(({ overlay }) => overlay ?? []),
    // Libvirt, and ours, merge only where nothing else of the domain is lost.
    staying: [],
    touched: (own, chains) => disks.flatMap((disk) => touchedBy(disk, own, chains)),
  }
}
