import type { Difference } from '../../../core/libvirt/xml/diff.ts'
import { child, childrenOf, type Element, formatXml } from '../../../core/libvirt/xml/element.ts'

/** A change libvirt can make to a running guest. */
export interface LiveStep {
  readonly verb: 'attach-device' | 'update-device' | 'detach-device'
  readonly label: string
  readonly xml: string
}

const HOT_BUSES = new Set(['virtio', 'scsi', 'usb'])

/** How a difference of the running guest is made good at once; undefined: it waits for the next boot. */
export function liveStep(difference: Difference, declared: Element): LiveStep | undefined {
  const match = /^devices\.(disk|interface)\[([^\]]*)\](\.source\b)?/.exec(difference.path)
  if (!match?.[1] || match[2] === undefined) return undefined
  const label = `${match[1]}[${match[2]}]`
  const device = childrenOf(child(declared, 'devices'), match[1]).find((d) => keyOf(d) === match[2])
  if (!device) return undefined
  if (difference.path === `devices.${label}` && difference.actual === undefined) {
    const bus = child(device, 'target')?.attributes.bus ?? 'virtio'
    const hot = match[1] === 'interface' || ((device.attributes.device ?? 'disk') === 'disk' && HOT_BUSES.has(bus))
    return hot ? { verb: 'attach-device', label, xml: formatXml(device) } : undefined
  }
  const medium = match[1] === 'disk' && ['cdrom', 'floppy'].includes(device.attributes.device ?? 'disk')
  return medium && match[3] !== undefined ? { verb: 'update-device', label, xml: formatXml(device) } : undefined
}

/** What a disk or interface is known by. */
export function keyOf(device: Element): string | undefined {
  if (device.name === 'disk') return child(device, 'target')?.attributes.dev
  return child(device, 'mac')?.attributes.address?.toLowerCase()
}

/** The device in a definition, if it is there. */
export function findDevice(domain: Element | undefined, kind: string, key: string): Element | undefined {
  return childrenOf(child(domain, 'devices'), kind).find((d) => keyOf(d) === key)
}
