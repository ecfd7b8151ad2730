import { child, childrenOf, type Element } from '../../../core/libvirt/xml/element.ts'

/** What a disk or interface is known by. */
export function keyOf(device: Element): string | undefined {
  if (device.name === 'disk') return child(device, 'target')?.attributes.dev
  return child(device, 'mac')?.attributes.address?.toLowerCase()
}

/** The device in a definition, if it is there. */
export function findDevice(domain: Element | undefined, kind: string, key: string): Element | undefined {
  return childrenOf(child(domain, 'devices'), kind).find((d) => keyOf(d) === key)
}
