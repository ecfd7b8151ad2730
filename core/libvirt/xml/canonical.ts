import type { Element } from './element.ts'
import { normaliseUnit, unitBytes } from './units.ts'

/** What the host knows about names that mean the same: `q35` → `pc-q35-7.2`, by architecture where it matters. */
export type MachineAliases = ReadonlyMap<string, string>

/** What libvirt leaves out, or fills in, when nothing else is said; by `element@attribute`. */
const DEFAULTS: Readonly<Record<string, string>> = {
  'vcpu@placement': 'static',
  'ip@family': 'ipv4',
  'disk@device': 'disk',
  'disk@type': 'file',
  'controller@index': '0',
  'bridge@stp': 'on',
  'bridge@delay': '0',
  'cpu@check': 'none',
  'feature@policy': 'require',
  'interface@trustGuestRxFilters': 'no',
  'range@end': '',
}

const HEX = new Set([
  'domain',
  'bus',
  'slot',
  'function',
  'controller',
  'target',
  'unit',
  'port',
  'iobase',
  'irq',
  'cssid',
])

/** The value an attribute has by default; undefined if there is none. */
export function defaultOf(element: string, attribute: string): string | undefined {
  return DEFAULTS[`${element}@${attribute}`]
}

/** One spelling for what means the same: units, hexadecimal, letter case of MACs and UUIDs, machine aliases. */
export function canonical(element: Element, machines: MachineAliases = new Map()): Element {
  const sized = attributeSizes(normaliseUnit(element))
  const attributes: Record<string, string> = {}
  for (const [name, value] of Object.entries(sized.attributes))
    attributes[name] = attributeValue(sized.name, name, value, machines)
  return {
    ...sized,
    attributes,
    text: textValue(sized.name, sized.text),
    children: sized.children.map((c) => canonical(c, machines)),
  }
}

function attributeValue(element: string, name: string, value: string, machines: MachineAliases): string {
  if (element === 'type' && name === 'machine') return machines.get(value) ?? value
  if ((element === 'mac' && name === 'address') || (element === 'host' && name === 'mac')) return value.toLowerCase()
  if (element === 'address' && HEX.has(name) && /^(?:0x[0-9a-f]+|\d+)$/i.test(value)) return String(Number(value))
  return value
}

function textValue(element: string, text: string): string {
  if (element === 'uuid') {
    const hex = text.toLowerCase().replaceAll('-', '')
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  }
  if (element === 'mode' && /^0?[0-7]{3,4}$/.test(text)) return text.replace(/^0*/, '0')
  return text
}

/** `<page size='2' unit='M'/>`, `<cell memory='1' unit='GiB'/>`: the size in KiB. */
function attributeSizes(element: Element): Element {
  const name = element.name === 'page' ? 'size' : element.name === 'cell' ? 'memory' : undefined
  const value = name === undefined ? undefined : element.attributes[name]
  if (name === undefined || value === undefined || !/^\d+$/.test(value)) return element
  const factor = unitBytes(element.attributes.unit ?? 'KiB')
  if (factor === undefined) return element
  const { unit: _unit, ...attributes } = element.attributes
  return { ...element, attributes: { ...attributes, [name]: String((BigInt(value) * factor) / 1024n) } }
}
