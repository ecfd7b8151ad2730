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
 * The declaration with the images that the machine has by now in place of those that it was made with: a snapshot, or a copy that somebody
 * moved it to. The old image back in its place would lose what was written since, and break the chain.
 */
export function withActualImages(
  declared: Element,
  config: Element,
  { disks }: WantedVm,
): { readonly element: Element; readonly replaced: readonly Replaced[] } {
  const own = new Set(disks.map(({ file }) => file))
  const byTarget = new Map(disksOf(config).map((disk) => [targetOf(disk), disk]))
  const replaced: Replaced[] = []
  const actual = (disk: Element): Element => {
    const there = byTarget.get(targetOf(disk))
    const file = fileOf(disk)
    if (file === undefined || !own.has(file) || there === undefined || fileOf(there) === file) return disk
    replaced.push({ target: targetOf(disk), file, actual: fileOf(there) ?? 'another image' })
    const without = disk.children.filter(({ name }) => name !== 'source' && name !== 'driver')
    const { type = 'file' } = there.attributes
    return { ...disk, attributes: { ...disk.attributes, type }, children: without }
  }
  const children = declared.children.map((c) =>
    c.name === 'devices' ? { ...c, children: c.children.map((d) => (d.name === 'disk' ? actual(d) : d)) } : c,
  )
  return { element: { ...declared, children }, replaced }
}

/** Disks of ours that the declaration has and the definition does not have yet. */
export function missingDisks(declared: Element, config: Element, { disks }: WantedVm): WantedVm['disks'] {
  const wanted = new Set(disksOf(declared).map(fileOf))
  const there = new Set(disksOf(config).map(fileOf))
  return disks.filter(({ file }) => wanted.has(file) && !there.has(file))
}
