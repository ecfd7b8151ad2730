import type { LibvirtError } from '../errors.ts'
import { readDomain } from '../xml/domain.ts'
import { child, type Element } from '../xml/element.ts'
import { keptBy } from './kept.ts'
import type { Snapshot } from './read.ts'

/** A disk whose image on top is to go into the one below it. */
export interface Layer {
  readonly target: string
  readonly overlay: string
  readonly base: string
  /** Type of the disk that the base is: `file`, `block`. */
  readonly type: string
  readonly format: string
}

/** The disks of an external snapshot: those to be merged, and those that an earlier run had merged when it was cut. */
export interface Layers {
  readonly due: readonly Layer[]
  readonly merged: readonly Layer[]
}

/**
 * Raises SnapshotKept where a disk is not what the snapshot says. `definitions`: as it is now, then as at its next boot. `why`:
 * libvirt's own refusal.
 */
export function layersOf(snapshot: Snapshot, definitions: readonly Element[], why: LibvirtError): Layers {
  const disks = definitions.slice(0, 1).flatMap((one) => readDomain(one).disks)
  const [due, merged]: [Layer[], Layer[]] = [[], []]
  for (const { target, external, overlay, base } of snapshot.disks) {
    if (!external) continue
    if (overlay === undefined) throw keptBy(why, `${target} is on no file of the host, and`)
    const now = disks.find((disk) => disk.target === target)?.source
    const isMerged = now !== undefined && now === base?.source && !definitions.some((one) => mentions(one, overlay))
    if (now !== overlay && !isMerged) throw keptBy(why, `${target} is ${now ?? 'gone'}, not ${overlay}, and`)
    if (base?.source === undefined) throw keptBy(why, `what ${target} was before ${overlay} is not known, and`)
    const layer = { target, overlay, base: base.source, type: base.type, format: base.format ?? 'raw' }
    if (isMerged) merged.push(layer)
    else due.push(layer)
  }
  return { due, merged }
}

/** The definition with the bases for the overlays. */
export function withBases(domain: Element, layers: readonly Layer[]): Element {
  const disk = (one: Element): Element => {
    const layer = layers.find(({ target }) => child(one, 'target')?.attributes.dev === target)
    if (one.name !== 'disk' || !layer) return one
    const children = one.children
      .filter(({ name }) => name !== 'backingStore')
      .map((part) => {
        if (part.name === 'driver') return { ...part, attributes: { ...part.attributes, type: layer.format } }
        if (part.name !== 'source') return part
        return { ...part, attributes: { [layer.type === 'block' ? 'dev' : 'file']: layer.base } }
      })
    return { ...one, attributes: { ...one.attributes, type: layer.type === 'block' ? 'block' : 'file' }, children }
  }
  return {
    ...domain,
    children: domain.children.map((one) =>
      one.name === 'devices' ? { ...one, children: one.children.map(disk) } : one,
    ),
  }
}

/** Whether a definition names that path anywhere: as a disk, below one, as what one is copied to. */
export const mentions = ({ attributes, text, children }: Element, path: string): boolean =>
  text === path || Object.values(attributes).includes(path) || children.some((one) => mentions(one, path))
