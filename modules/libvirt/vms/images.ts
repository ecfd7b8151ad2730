import { child, childrenOf, type Element } from '../../../core/libvirt/xml/element.ts'
import type { WantedVm } from './wanted.ts'

/** A disk of ours in whose place the definition has another image. */
export interface Replaced {
  readonly target: string
  readonly file: string
  readonly actual: string
}

const targetOf = (disk: Element): string => child(disk, 'target')?.attributes.dev ?? ''
const fileOf = (disk: Element | undefined): string | undefined => child(disk, 'source')?.attributes.file
const disksOf = (domain: Element): readonly Element[] => childrenOf(child(domain, 'devices'), 'disk')

/**
 * The declaration with the disks that the machine has by now in place of those that it was made with. Where another image has the place
 * (a snapshot, a copy that somebody moved it to), the old one back there would lose what was written since, and break the chain; where
 * the image has another place, it would be there twice.
 */
export function withActualImages(
  declared: Element,
  config: Element,
  { disks }: WantedVm,
): { readonly element: Element; readonly replaced: readonly Replaced[] } {
  const own = new Set(disks.map(({ file }) => file))
  const there = disksOf(config)
  const replaced: Replaced[] = []
  const actual = (disk: Element): readonly Element[] => {
    const file = fileOf(disk)
    if (file === undefined || !own.has(file)) return [disk]
    if (there.some((one) => targetOf(one) === targetOf(disk) && fileOf(one) === file)) return [disk]
    const elsewhere = there.find((one) => mentions(one, file))
    if (elsewhere) {
      if (fileOf(elsewhere) !== file)
        replaced.push({ target: targetOf(elsewhere), file, actual: fileOf(elsewhere) ?? 'another image' })
      return []
    }
    const place = there.find((one) => targetOf(one) === targetOf(disk))
    if (!place) return [disk]
    replaced.push({ target: targetOf(disk), file, actual: fileOf(place) ?? 'another image' })
    return []
  }
  const children = declared.children.map((c) =>
    c.name === 'devices' ? { ...c, children: c.children.flatMap((d) => (d.name === 'disk' ? actual(d) : [d])) } : c,
  )
  return { element: { ...declared, children }, replaced }
}

/** Disks of ours that the declaration has and the definition does not have yet. */
export function missingDisks(declared: Element, config: Element, { disks }: WantedVm): WantedVm['disks'] {
  const wanted = new Set(disksOf(declared).map(fileOf))
  return disks.filter(({ file }) => wanted.has(file) && !disksOf(config).some((one) => mentions(one, file)))
}

/** As its image, or as one below that. */
const mentions = ({ attributes, children }: Element, file: string): boolean =>
  Object.values(attributes).includes(file) || children.some((inner) => mentions(inner, file))
