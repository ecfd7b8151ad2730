import { child, type Element } from '../../../core/libvirt/xml/element.ts'
import { mergeXml } from '../../../core/libvirt/xml/merge.ts'
import type { DomainArgs } from './args.ts'
import { element } from './build.ts'
import { findDevice, keyOf } from './devices.ts'

/**
 * The declaration, with what the arguments leave open about devices that are not there yet: bus and format of a disk, model
 * of an interface. Of a device that is there, what the task does not say is not compared.
 */
export function withFreshDevices(
  declared: Element,
  args: Pick<DomainArgs, 'disks' | 'interfaces'>,
  domain: Element | undefined,
): Element {
  const targets = new Set(args.disks.map((d) => d.target))
  const macs = new Set(args.interfaces.map((n) => n.mac.toLowerCase()))
  const fill = (device: Element): Element => {
    const key = keyOf(device)
    const said = device.name === 'disk' ? targets : device.name === 'interface' ? macs : undefined
    if (key === undefined || said?.has(key) !== true || findDevice(domain, device.name, key)) return device
    return mergeXml(device, device.name === 'disk' ? plainDisk(device, key) : plainInterface())
  }
  const children = declared.children.map((c) => (c.name === 'devices' ? { ...c, children: c.children.map(fill) } : c))
  const filled = { ...declared, children }
  return domain === undefined ? withScsi(filled, targets) : filled
}

/** libvirt's own choice of a SCSI controller, lsilogic, is one that kernels made for clouds and many others have no driver of. */
function withScsi(declared: Element, targets: ReadonlySet<string>): Element {
  const devices = child(declared, 'devices')?.children ?? []
  const onScsi = devices.some((d) => {
    const { dev = '', bus } = child(d, 'target')?.attributes ?? {}
    return d.name === 'disk' && bus === 'scsi' && targets.has(dev)
  })
  if (!onScsi || devices.some((d) => d.name === 'controller' && d.attributes.type === 'scsi')) return declared
  const controller = element('controller', { type: 'scsi', index: 0, model: 'virtio-scsi' })
  const children = declared.children.map((c) =>
    c.name === 'devices' ? { ...c, children: [...c.children, controller] } : c,
  )
  return { ...declared, children }
}

function plainDisk(disk: Element, target: string): Element {
  const drive = disk.attributes.device === 'cdrom'
  const raw = drive || child(disk, 'source')?.attributes.dev !== undefined
  return element('disk', {}, [
    element('driver', { name: 'qemu', type: raw ? 'raw' : 'qcow2' }),
    element('target', { dev: target, bus: busOf(target, drive) }),
  ])
}

/** By the letters of the target, as libvirt and guests use them. */
function busOf(target: string, drive: boolean): string {
  if (target.startsWith('hd')) return 'ide'
  if (target.startsWith('sd')) return drive ? 'sata' : 'scsi'
  return 'virtio'
}

const plainInterface = (): Element => element('interface', {}, [element('model', { type: 'virtio' })])
