import type { Deed } from './deed.ts'
import type { Snapshot, SnapshotDisk } from './read.ts'
import type { Touched } from './touched.ts'

/**
 * A domain goes back to a snapshot. To an internal one: the images that it is in get the content they had then, which all that stands on
 * them sees. To an external one: its images are left as they are and get new ones on top, and libvirt removes the image that the domain
 * has been on since the current snapshot, whoever else stands on that. `all`: of the domain. Pure.
 */
export function reversionTo(snapshot: Snapshot, current: Snapshot | undefined, all: readonly Snapshot[]): Deed {
  const images = snapshot.type === 'internal' ? writtenBy(snapshot) : removedFor(current)
  const overlaysOf = (target?: string): string[] =>
    all.flatMap(({ disks, revertDisks = [] }) =>
      [...disks, ...revertDisks].flatMap((disk) =>
        target === undefined || disk.target === target ? (disk.overlay ?? []) : [],
      ),
    )
  return {
    refused: 'nothing is changed',
    byHand: 'go back by virsh snapshot-revert',
    paths: images.length === 0 ? [] : [...images, ...all.flatMap(({ disks }) => disks)].flatMap((one) => pathsOf(one)),
    overlays: overlaysOf(),
    staying: all,
    touched: (disks, chains) =>
      images.map(({ target, path, how }): Touched => {
        // What it is on as it runs: an image that only the next boot has may be a clone. What snapshots need of these is asked apart.
        const now = disks.find((one) => one.target === target)?.source
        const own = new Set(overlaysOf(target).map((overlay) => chains.id(overlay)))
        if (now !== undefined) for (const id of chains.below(chains.id(now))) own.add(id)
        return { target, path: chains.path(chains.id(path)), how, own, via: undefined }
      }),
  }
}

type Concerned = Pick<Touched, 'target' | 'path' | 'how'>

const writtenBy = ({ disks }: Snapshot): Concerned[] =>
  disks.flatMap(({ target, images }) => images.map((path) => ({ target, path, how: 'written to' as const })))

/** Those made when it went back to the current one before, else those of the current one. */
const removedFor = (current: Snapshot | undefined): Concerned[] =>
  (current?.revertDisks ?? current?.disks ?? []).flatMap(({ target, overlay }) =>
    overlay === undefined ? [] : [{ target, path: overlay, how: 'removed' as const }],
  )

const pathsOf = (one: Concerned | SnapshotDisk): readonly string[] => ('path' in one ? [one.path] : one.images)
