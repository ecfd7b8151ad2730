import { child, childrenOf, type Element } from '../element.ts'
import { normaliseUnit, unitBytes } from '../units.ts'
import type { SpellingRule } from './types.ts'

const attribute = (name: string, spell: (value: string) => string) => (element: Element) => {
  const value = element.attributes[name]
  if (value === undefined) return element
  const spelled = spell(value)
  return spelled === value ? element : { ...element, attributes: { ...element.attributes, [name]: spelled } }
}

const text = (spell: (value: string) => string) => (element: Element) => ({ ...element, text: spell(element.text) })

/** `<page size='2' unit='M'/>`: the size in KiB. */
const sized = (name: string) => (element: Element) => {
  const value = element.attributes[name]
  const factor = unitBytes(element.attributes.unit ?? 'KiB')
  if (value === undefined || !/^\d{1,20}$/.test(value) || factor === undefined) return element
  const { unit: _unit, ...attributes } = element.attributes
  return { ...element, attributes: { ...attributes, [name]: String((BigInt(value) * factor) / 1024n) } }
}

const HEX = ['domain', 'bus', 'slot', 'function', 'controller', 'target', 'unit', 'port', 'iobase', 'irq', 'cssid']

const number = (value: string): string =>
  /^(?:0x[0-9a-f]+|\d+)$/i.test(value) && value.length < 16 ? String(Number(value)) : value

/** libvirt's schema takes them in hexadecimal only. */
const usbId = (value: string): string =>
  /^(?:0x[0-9a-f]{1,4}|\d{1,5})$/i.test(value) ? `0x${Number(value).toString(16).padStart(4, '0')}` : value

/** `0,1,3-5` and `0-1,3,4,5` are one set; `^2` takes out. Larger than any machine: left as it is. */
function cpuSet(value: string): string {
  const members = new Set<number>()
  const parts = value.length > 4096 ? [value] : value.replaceAll(/\s/g, '').split(',')
  for (const part of parts) {
    const match = /^(\^?)(\d{1,4})(?:-(\d{1,4}))?$/.exec(part)
    if (!match?.[2]) return value
    for (let n = Number(match[2]); n <= Number(match[3] ?? match[2]); n++) {
      if (match[1] === '^') members.delete(n)
      else members.add(n)
    }
  }
  const ranges: [number, number][] = []
  for (const n of [...members].sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last?.[1] === n - 1) last[1] = n
    else ranges.push([n, n])
  }
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',')
}

/** `<graphics listen='…'>` is the first `<listen type='address'>`. */
function listenElement(element: Element): Element {
  const { listen: address, ...attributes } = element.attributes
  if (address === undefined) return element
  const children = child(element, 'listen')
    ? element.children
    : [
        ...element.children,
        { name: 'listen', attributes: { type: 'address', address }, children: [], text: '', line: element.line },
      ]
  return { ...element, attributes, children }
}

/** With NUMA cells libvirt computes `<memory>` from them; memory devices are added to it. What is there at boot counts. */
function bootMemory(domain: Element): Element {
  const memory = child(domain, 'memory')
  const devices = childrenOf(child(domain, 'devices'), 'memory')
  const cells = childrenOf(child(domain, 'cpu', 'numa'), 'cell').map((c) => c.attributes.memory)
  if (!memory || (devices.length === 0 && cells.length === 0)) return domain
  const plugged = devices.reduce((sum, d) => sum + Number(child(d, 'target', 'size')?.text ?? 0), 0)
  const total = cells.length > 0 ? cells.reduce((sum, c) => sum + Number(c ?? 0), 0) : Number(memory.text) - plugged
  return { ...domain, children: domain.children.map((c) => (c === memory ? { ...c, text: String(total) } : c)) }
}

const spelling = (
  name: string,
  at: readonly string[],
  spell: SpellingRule['spell'],
  more: Partial<SpellingRule> = {},
): SpellingRule => ({ kind: 'spelling', name, at, spell, ...more })

/** Spellings of formatdomain, formatnetwork, formatstorage; an element's children are spelled before it. */
export const spellings: readonly SpellingRule[] = [
  spelling(
    'memory in KiB',
    ['memory', 'currentMemory', 'maxMemory', 'hard_limit', 'soft_limit', 'swap_hard_limit', 'min_guarantee'].concat([
      'size',
      'requested',
      'current',
      'block',
    ]),
    (e) => normaliseUnit(e, 'KiB'),
  ),
  spelling('storage in bytes', ['capacity', 'allocation', 'available', 'physical'], (e) => normaliseUnit(e, 'bytes')),
  spelling('page size in KiB', ['page'], sized('size')),
  spelling('memory of a cell in KiB', ['cell'], sized('memory')),
  spelling('numbers of addresses', ['address'], (e) => HEX.reduce((done, name) => attribute(name, number)(done), e)),
  spelling('numbers of USB devices', ['source/vendor', 'source/product'], attribute('id', usbId)),
  spelling(
    'letter case of a MAC',
    ['mac'],
    attribute('address', (v) => v.toLowerCase()),
  ),
  spelling(
    'letter case of a host’s MAC',
    ['host'],
    attribute('mac', (v) => v.toLowerCase()),
  ),
  spelling(
    'form of a UUID',
    ['uuid'],
    text((v) =>
      v
        .toLowerCase()
        .replaceAll('-', '')
        .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    ),
  ),
  spelling(
    'form of a file mode',
    ['mode'],
    text((v) => (/^0?[0-7]{3,4}$/.test(v) ? v.replace(/^0*/, '0') : v)),
  ),
  spelling('set of processors', ['vcpu', 'vcpupin', 'emulatorpin', 'iothreadpin'], attribute('cpuset', cpuSet)),
  spelling('processors of a cell', ['cell'], attribute('cpus', cpuSet)),
  spelling('set of nodes', ['numatune/memory', 'memnode', 'page'], attribute('nodeset', cpuSet)),
  spelling('listen address', ['graphics'], listenElement),
  // A running guest's says also what the network led to.
  spelling('network that leads to a bridge or a device', ['interface'], (e) =>
    child(e, 'source')?.attributes.network === undefined
      ? e
      : { ...e, attributes: { ...e.attributes, type: 'network' } },
  ),
  // The first console is the first serial port, whatever its number.
  spelling(
    'console on the serial port',
    ['console'],
    (e) => ({
      ...e,
      children: e.children.map((c) =>
        c.name === 'target' && (c.attributes.type ?? 'serial') === 'serial' ? { ...c, attributes: withoutPort(c) } : c,
      ),
    }),
    { comparing: true },
  ),
  spelling('memory at boot', ['domain'], bootMemory, { comparing: true }),
]

function withoutPort({ attributes: { port: _port, ...rest } }: Element): Element['attributes'] {
  return rest
}
