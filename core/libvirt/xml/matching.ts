import { child, type Element } from './element.ts'

/*
 * Which of several elements of one name is the one that was declared: disks by target, NICs by MAC, and so on. An element
 * without a rule is one of a kind. Names are those of libvirt's formatdomain, formatnetwork and formatstorage.
 */

type Key = (element: Element) => string | undefined

const attribute =
  (name: string, fallback?: string): Key =>
  (e) =>
    e.attributes[name] ?? fallback
const target =
  (name: string, fallback?: string): Key =>
  (e) =>
    child(e, 'target')?.attributes[name] ?? fallback
const text: Key = (e) => e.text
const lower =
  (key: Key): Key =>
  (e) =>
    key(e)?.toLowerCase()
const either =
  (...keys: Key[]): Key =>
  (e) =>
    keys.map((key) => key(e)).find((k) => k !== undefined)

/** By `parent/name`, then by `name`. */
const KEYS: Readonly<Record<string, Key>> = {
  disk: target('dev'),
  'devices/interface': lower((e) => child(e, 'mac')?.attributes.address),
  filesystem: target('dir'),
  channel: target('name'),
  serial: target('port', '0'),
  parallel: target('port', '0'),
  console: target('port', '0'),
  graphics: attribute('type'),
  'cpu/feature': attribute('name'),
  timer: attribute('name'),
  vcpupin: attribute('vcpu'),
  'vcpus/vcpu': attribute('id'),
  iothread: attribute('id'),
  iothreadpin: attribute('iothread'),
  cell: attribute('id'),
  page: attribute('size'),
  entry: attribute('name'),
  secret: attribute('usage'),
  'network/ip': lower(attribute('address')),
  range: attribute('start'),
  'dhcp/host': lower(either(attribute('mac'), attribute('id'), attribute('name'), attribute('ip'))),
  'dns/host': attribute('ip'),
  'host/hostname': text,
  srv: either(attribute('service')),
  txt: attribute('name'),
  forwarder: either(attribute('domain'), attribute('addr')),
  route: attribute('address'),
  portgroup: attribute('name'),
  'forward/interface': attribute('dev'),
  'source/host': attribute('name'),
  'source/device': attribute('path'),
}

/** Kinds of which a machine has many without a name: the declared one is any that has all that was declared. */
const ALIKE = new Set([
  'controller',
  'input',
  'hostdev',
  'redirdev',
  'rng',
  'video',
  'sound',
  'shmem',
  'smartcard',
  'memory',
  'interface',
  'hub',
  'watchdog',
  'panic',
  'audio',
])

/** What tells unnamed devices of one kind apart before anything else is compared. */
const DISCRIMINATORS: Readonly<Record<string, readonly string[]>> = {
  controller: ['type', 'index'],
  input: ['type', 'bus'],
  hostdev: ['mode', 'type'],
  audio: ['id'],
}

/** Kinds whose order counts. */
const ORDERED = new Set(['os/boot', 'bootmenu', 'commandline/arg', 'qemu:commandline/qemu:arg', 'os/initarg'])

export interface Pair {
  readonly declared: Element
  readonly actual: Element | undefined
  /** How it is named in a path: `disk[vda]`, `memory`. */
  readonly label: string
}

/** Finds for each declared child the actual one that it is about. */
export function pairChildren(declared: Element, actual: Element, alike: (d: Element, a: Element) => boolean): Pair[] {
  const taken = new Set<Element>()
  const counts = new Map<string, number>()
  return declared.children.map((d) => {
    const index = counts.get(d.name) ?? 0
    counts.set(d.name, index + 1)
    const free = actual.children.filter((a) => a.name === d.name && !taken.has(a))
    const { found, label } = find(declared.name, d, free, index, alike)
    if (found) taken.add(found)
    return { declared: d, actual: found, label }
  })
}

function find(
  parent: string,
  d: Element,
  free: readonly Element[],
  index: number,
  alike: (d: Element, a: Element) => boolean,
): { found: Element | undefined; label: string } {
  if (ORDERED.has(`${parent}/${d.name}`)) return { found: free[0], label: `${d.name}[${index}]` }
  const key = keyFor(parent, d.name)
  const wanted = key?.(d)
  if (key && wanted !== undefined) {
    return { found: free.find((a) => key(a) === wanted), label: wanted === '' ? d.name : `${d.name}[${wanted}]` }
  }
  if (parent === 'devices' && ALIKE.has(d.name)) {
    const fields = DISCRIMINATORS[d.name] ?? []
    const same = free.filter((a) => fields.every((f) => (d.attributes[f] ?? a.attributes[f]) === a.attributes[f]))
    const found = same.find((a) => alike(d, a)) ?? (fields.length > 0 || d.name === 'interface' ? same[0] : free[0])
    return { found, label: `${d.name}[${labelOf(d, fields, index)}]` }
  }
  return { found: free[0], label: d.name }
}

function labelOf(d: Element, fields: readonly string[], index: number): string {
  const known = fields.map((f) => d.attributes[f]).filter((v) => v !== undefined)
  return known.length > 0 ? known.join(' ') : String(index)
}

function keyFor(parent: string, name: string): Key | undefined {
  return KEYS[`${parent}/${name}`] ?? KEYS[name]
}
