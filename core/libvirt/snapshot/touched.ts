import type { SeenFile } from '../images/scan.ts'
import type { SnapshotDisk } from './read.ts'

/** An image that is written to, or removed, when a snapshot is deleted or gone back to. */
export interface Touched {
  readonly target: string
  readonly path: string
  readonly how: 'written to' | 'removed'
  /** The images of the disk itself, by identity: these are on top of it by right. */
  readonly own: ReadonlySet<string>
  /** An image that must be readable for this to be known; undefined where none need be. */
  readonly via: string | undefined
}

/** A disk of the domain, as it runs or at its next boot. */
export interface OwnDisk {
  readonly target: string
  readonly source: string
}

/** Which image is which, and is on top of which; what was not seen is its path. */
export class Chains {
  readonly #ids: ReadonlyMap<string, string>
  readonly #bases = new Map<string, Set<string>>()
  readonly #paths = new Map<string, string>()

  constructor(seen: readonly SeenFile[]) {
    this.#ids = new Map(seen.map(({ path, id }) => [path, id || path]))
    for (const { path, bases = [] } of seen) {
      const id = this.id(path)
      this.#bases.set(id, new Set([...(this.#bases.get(id) ?? []), ...bases.map((base) => this.id(base))]))
      if (!this.#paths.has(id)) this.#paths.set(id, path)
    }
  }

  /** The same for all names of an image. */
  id(path: string): string {
    return this.#ids.get(path) ?? path
  }

  /** One name of it. */
  path(id: string): string {
    return this.#paths.get(id) ?? id
  }

  basesOf(id: string): readonly string[] {
    return [...(this.#bases.get(id) ?? [])]
  }

  /** An image and all that it is on top of. */
  below(id: string): ReadonlySet<string> {
    const found = new Set([id])
    // What is added meanwhile is come to as well.
    for (const one of found) for (const base of this.basesOf(one)) found.add(base)
    return found
  }
}

/**
 * What goes on with a disk of an external snapshot when that is deleted, whoever merges: its overlay goes into what that is on top
 * of, and away. Pure.
 */
export function touchedBy(disk: SnapshotDisk, disks: readonly OwnDisk[], chains: Chains): Touched[] {
  const { target } = disk
  const [overlay, base] = [disk.overlay, disk.base?.source].map((path) =>
    path === undefined ? undefined : chains.id(path),
  )
  const all = disks.filter((one) => one.target === target).map(({ source }) => chains.below(chains.id(source)))
  const on = all.filter((chain) => overlay !== undefined && chain.has(overlay))
  // An image that only the next boot has may be a clone of the base: where the overlay is in one chain, only that is the disk's own.
  const own = new Set((on.length > 0 ? on : all).flatMap((chain) => [...chain]))
  // Once the domain went back to the snapshot, libvirt merges the image that it made for that, which the snapshot need not name.
  const above = base === undefined ? [] : [...own].filter((one) => chains.basesOf(one).includes(base))
  // An overlay that the disk is not on is only removed, as one of another branch is; its base is not written to.
  const written = [
    ...(on.length > 0 ? [...chains.basesOf(overlay ?? ''), base] : []),
    ...(above.length > 0 ? [base] : []),
  ]
  if (overlay !== undefined) own.add(overlay)
  // What is on a network image (rbd) is in no doubt, though its base is no path.
  const via = disk.base?.type === 'network' ? undefined : disk.overlay
  const touched = (how: Touched['how'], ids: readonly (string | undefined)[]): Touched[] =>
    [...new Set(ids)].flatMap((id) => (id === undefined ? [] : [{ target, path: chains.path(id), how, own, via }]))
  return [...touched('written to', written), ...touched('removed', [overlay, ...above])]
}
