import type { Element } from './element.ts'

/*
 * Sizes in libvirt XML: `KiB`, `MiB` … are powers of 1024, `KB`, `MB` of 1000, `k`, `M`, `G` mean powers of 1024. Memory
 * counts in KiB without a unit, storage in bytes (formatdomain, formatstorage).
 */
const POWERS = 'kmgtpe'

/** Bytes of one unit; undefined for a unit libvirt does not know. */
export function unitBytes(unit: string): bigint | undefined {
  const lower = unit.toLowerCase()
  if (lower === 'b' || lower === 'byte' || lower === 'bytes') return 1n
  const match = /^([kmgtpe])(ib|b)?$/.exec(lower)
  if (!match?.[1]) return undefined
  const power = BigInt(POWERS.indexOf(match[1]) + 1)
  return (match[2] === 'b' ? 1000n : 1024n) ** power
}

/** The same element with its size in this unit, which is also the default; libvirt rounds memory up to whole KiB. */
export function normaliseUnit(element: Element, wanted: 'KiB' | 'bytes'): Element {
  if (!/^\d{1,20}$/.test(element.text)) return element
  const factor = unitBytes(element.attributes.unit ?? wanted)
  if (factor === undefined) return element
  const bytes = BigInt(element.text) * factor
  const { unit: _unit, ...attributes } = element.attributes
  return { ...element, attributes, text: String(wanted === 'KiB' ? (bytes + 1023n) / 1024n : bytes) }
}

/** A size in bytes from `10G`, `512 MiB`, `1048576` (`M` and `MiB` alike are 1024², `MB` is 1000²); undefined if none. */
export function parseSize(text: string): bigint | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*$/.exec(text)
  if (!match?.[1]) return undefined
  const unit = match[2] === undefined || match[2] === '' ? 1n : unitBytes(match[2])
  if (unit === undefined) return undefined
  const [whole = '0', fraction = ''] = match[1].split('.')
  const scale = 10n ** BigInt(fraction.length)
  return (BigInt(whole + fraction) * unit) / scale
}
