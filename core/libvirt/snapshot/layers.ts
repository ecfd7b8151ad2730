import type { LibvirtError } from '../errors.ts'
import type { DomainModel } from '../xml/domain.ts'
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

/** The disks of an external snapshot. Raises SnapshotKept where one is not what the snapshot says. `why`: libvirt's own refusal. */
export function layersOf(snapshot: Snapshot, model: DomainModel, why: LibvirtError): Layer[] {
  return snapshot.disks.flatMap(({ target, external, overlay, base }): Layer[] => {
    if (!external) return []
    if (overlay === undefined) throw keptBy(why, `${target} is on no file of the host, and`)
    const now = model.disks.find((disk) => disk.target === target)?.source
    if (now !== overlay) throw keptBy(why, `${target} is ${now ?? 'gone'}, not ${overlay}, and`)
    if (base?.source === undefined) throw keptBy(why, `what ${target} was before ${overlay} is not known, and`)
    return [{ target, overlay, base: base.source, type: base.type, format: base.format ?? 'raw' }]
  })
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
