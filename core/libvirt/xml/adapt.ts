import { child, childrenOf, type Element } from './element.ts'
import { machineFamily } from './machine.ts'

/**
 * The actual definition without what a declaration rules out elsewhere in it: addresses on buses that another machine type
 * does not have, the one way of giving a boot order where the other is declared, pins of processors that go.
 */
export function adapted(declared: Element, actual: Element): Element {
  if (declared.name !== 'domain') return actual
  return pins(declared, bootOrder(declared, buses(declared, actual)))
}

const machineOf = (domain: Element): string | undefined => child(domain, 'os', 'type')?.attributes.machine

function buses(declared: Element, actual: Element): Element {
  const wanted = machineFamily(machineOf(declared))
  if (wanted === undefined || wanted === machineFamily(machineOf(actual))) return actual
  return inDevices(actual, (devices) =>
    devices
      .filter((d) => !ofBoard(d))
      .map((d) => ({ ...d, children: d.children.filter((c) => c.name !== 'address' || c.attributes.type === 'usb') })),
  )
}

/** What one family's board has, and another's cannot: controllers, and the watchdog that libvirt 9.1 and later see in every q35. */
function ofBoard({ name, attributes: { type = '', model } }: Element): boolean {
  if (name === 'controller') return ['pci', 'ide', 'sata', 'fdc'].includes(type)
  return name === 'watchdog' && model === 'itco'
}

const orderOf = (device: Element): string | undefined => child(device, 'boot')?.attributes.order

function bootOrder(declared: Element, actual: Element): Element {
  const orders = new Set(
    child(declared, 'devices')
      ?.children.map(orderOf)
      .filter((o): o is string => o !== undefined),
  )
  const devices = childrenOf(child(declared, 'os'), 'boot').map((b) => b.attributes.dev)
  const there = childrenOf(child(actual, 'os'), 'boot').map((b) => b.attributes.dev)
  const other = devices.length > 0 && devices.some((dev, i) => dev !== there[i])
  const withoutBoot = (e: Element): Element => ({ ...e, children: e.children.filter((c) => c.name !== 'boot') })
  const os = orders.size > 0 || other
  const result = os
    ? { ...actual, children: actual.children.map((c) => (c.name === 'os' ? withoutBoot(c) : c)) }
    : actual
  if (orders.size === 0 && devices.length === 0) return result
  return inDevices(result, (all) =>
    all.map((d) => (devices.length > 0 || orders.has(orderOf(d) ?? '') ? withoutBoot(d) : d)),
  )
}

function pins(declared: Element, actual: Element): Element {
  const count = Number(child(declared, 'vcpu')?.text || Number.NaN)
  if (Number.isNaN(count)) return actual
  const stays = (e: Element): boolean => e.name !== 'vcpupin' || Number(e.attributes.vcpu) < count
  const children = actual.children.map((c) => (c.name === 'cputune' ? { ...c, children: c.children.filter(stays) } : c))
  return { ...actual, children }
}

function inDevices(domain: Element, change: (devices: readonly Element[]) => readonly Element[]): Element {
  const children = domain.children.map((c) => (c.name === 'devices' ? { ...c, children: change(c.children) } : c))
  return { ...domain, children }
}
