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

const MEMORY = new Set([
  'memory',
  'currentMemory',
  'maxMemory',
  'hard_limit',
  'soft_limit',
  'swap_hard_limit',
  'min_guarantee',
  'size',
  'requested',
  'current',
  'block',
])
const STORAGE = new Set(['capacity', 'allocation', 'available', 'physical'])

/** The same element with its size in the default unit; libvirt rounds memory up to whole KiB. Others as they are. */
export function normaliseUnit(element: Element): Element {
  const memory = MEMORY.has(element.name)
  if ((!memory && !STORAGE.has(element.name)) || !/^\d+$/.test(element.text)) return element
  const factor = unitBytes(element.attributes.unit ?? (memory ? 'KiB' : 'bytes'))
  if (factor === undefined) return element
  const bytes = BigInt(element.text) * factor
  const text = memory ? (bytes + 1023n) / 1024n : bytes
  const { unit: _unit, ...attributes } = element.attributes
  return { ...element, attributes, text: String(text) }
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
