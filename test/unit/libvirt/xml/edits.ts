import type { Element } from '../../../../core/libvirt/xml/element.ts'

/** One place of a declaration changed. */
export interface Edit {
  readonly edited: Element
  readonly what: string
  /** Where the difference must be told. */
  readonly path: RegExp
  /** It is what the element is known by: another one is declared then. */
  readonly identity: boolean
}

/** All edits of single attributes and texts. */
export function edits(root: Element): Edit[] {
  return places(root, [], undefined).flatMap(({ trail, element, parent, attribute, value }) => {
    const where = [...trail.map((i) => i.name), ...(attribute === undefined ? [] : [attribute])].slice(1)
    const name = where.join('.')
    if (element.name === 'graphics' && attribute === 'listen') where.push('address')
    if (meaningless(root, element, parent, attribute)) return []
    const changed = mutate(value)
    const edited = replace(root, trail, (e) =>
      attribute === undefined
        ? { ...e, text: changed }
        : { ...e, attributes: { ...e.attributes, [attribute]: changed } },
    )
    const identity = IDENTITY.some((one) => name.endsWith(one)) || chained(element, parent, attribute)
    const exact = where.map((w) => `${w.replace(/[.$^*+?()[\]{}|\\]/g, '\\$&')}(?:\\[[^\\]]*\\])?`)
    const path = new RegExp(
      `^${(identity ? exact.slice(0, where[0] === 'devices' ? 2 : 1) : exact).join('\\.')}${identity ? '' : '$'}`,
    )
    return [{ edited, what: `${name} = ${changed}`, path, identity }]
  })
}

interface Place {
  readonly trail: readonly Element[]
  readonly element: Element
  readonly parent: Element | undefined
  readonly attribute: string | undefined
  readonly value: string
}

function places(element: Element, above: readonly Element[], parent: Element | undefined): Place[] {
  const trail = [...above, element]
  const own = Object.entries(element.attributes).map(([attribute, value]) => ({
    trail,
    element,
    parent,
    attribute,
    value,
  }))
  const text = element.text === '' ? [] : [{ trail, element, parent, attribute: undefined, value: element.text }]
  return [...own, ...text, ...element.children.flatMap((c) => places(c, trail, element))]
}

function replace(root: Element, trail: readonly Element[], change: (e: Element) => Element): Element {
  const [, next] = trail
  if (trail.length === 1 || !next) return change(root)
  return { ...root, children: root.children.map((c) => (c === next ? replace(c, trail.slice(1), change) : c)) }
}

/** What says nothing by itself: units, namespaces, a port under autoport, memory that NUMA cells make. */
function meaningless(
  root: Element,
  element: Element,
  parent: Element | undefined,
  attribute: string | undefined,
): boolean {
  if (attribute === 'unit' || attribute?.startsWith('xmlns')) return true
  if (element.name === 'graphics' && attribute === 'port' && element.attributes.autoport === 'yes') return true
  if (parent?.name === 'console' && attribute === 'port' && element.attributes.type === 'serial') return true
  const network = element.children.some((c) => c.name === 'source' && c.attributes.network !== undefined)
  if (element.name === 'interface' && attribute === 'type' && network) return true
  const cells = root.children.some((c) => c.name === 'cpu' && c.children.some((n) => n.name === 'numa'))
  return element.name === 'memory' && parent?.name === 'domain' && cells
}

const IDENTITY = [
  'disk.target.dev',
  'controller.type',
  'controller.index',
  'input.type',
  'input.bus',
  'disk.serial',
  'interface.mac.address',
  'filesystem.target.dir',
  'channel.target.name',
  'channel.target.type',
  'channel.target.address',
  'channel.target.port',
  'serial.target.port',
  'console.target.type',
  'console.target.port',
  'graphics.type',
  'shmem.name',
  'devices.audio.id',
  'feature.name',
  'timer.name',
  'vcpupin.vcpu',
  'vcpus.vcpu.id',
  'iothread.id',
  'iothreadpin.iothread',
  'cell.id',
  'sibling.id',
  'page.size',
  'seclabel.model',
  'entry.name',
  'qemu:env.name',
  'source.host.name',
]

/** A hostdev is its source; unnamed devices of a kind are told apart by what they say. */
function chained(element: Element, parent: Element | undefined, attribute: string | undefined): boolean {
  return (
    (parent?.name === 'source' && ['address', 'vendor', 'product', 'adapter'].includes(element.name)) ||
    (element.name === 'hostdev' && attribute === 'type')
  )
}

function mutate(value: string): string {
  if (/^(?:yes|no)$/.test(value)) return value === 'yes' ? 'no' : 'yes'
  if (/^(?:on|off)$/.test(value)) return value === 'on' ? 'off' : 'on'
  if (/^\d+-\d+$/.test(value)) return value.replace(/\d+$/, (n) => String(Number(n) + 1))
  if (/\d$/.test(value)) return value.replace(/\d$/, (n) => String((Number(n) + 1) % 10))
  if (/^0x[0-9a-f]+$/i.test(value)) return `${value}1`
  return `${value}x`
}
