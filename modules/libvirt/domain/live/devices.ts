import type { Difference } from '../../../../core/libvirt/xml/diff.ts'
import { child, childrenOf, type Element, formatXml } from '../../../../core/libvirt/xml/element.ts'
import { mergeXml } from '../../../../core/libvirt/xml/merge.ts'
import { findDevice, keyOf } from '../devices.ts'
import { LIVE, type LiveStep, type Running, type StepMaker } from './step.ts'

const busOf = (device: Element): string | undefined => child(device, 'target')?.attributes.bus
const isDrive = (device: Element): boolean => ['cdrom', 'floppy'].includes(device.attributes.device ?? 'disk')

/** Which devices QEMU takes while it runs. The others wait for a boot. */
const HOT: Readonly<Record<string, (device: Element) => boolean>> = {
  disk: (d) => !isDrive(d) && ['virtio', 'scsi', 'usb'].includes(busOf(d) ?? 'virtio'),
  interface: () => true,
  hostdev: () => true,
  redirdev: () => true,
  rng: () => true,
  memory: () => true,
  shmem: () => true,
  vsock: () => true,
  channel: (d) => child(d, 'target')?.attributes.type === 'virtio',
  input: (d) => ['usb', 'virtio'].includes(d.attributes.bus ?? ''),
  watchdog: (d) => (d.attributes.model ?? 'i6300esb') === 'i6300esb',
  controller: (d) => d.attributes.type === 'scsi',
}

/** Whether a device can come or go while the guest runs. */
export const isHot = (device: Element): boolean => HOT[device.name]?.(device) === true

/** A device that is not there. */
export const attachStep: StepMaker = ({ path, actual, declared }) => {
  const match = /^devices\.([^.]+)$/.exec(path)
  if (!match?.[1] || actual !== undefined || !isHot(declared)) return undefined
  const xml = formatXml(declared)
  return {
    label: `attach ${match[1]}`,
    settles: 'now',
    act: (libvirt, uuid) => libvirt.attachDevice(uuid, xml, LIVE),
    undo: (libvirt, uuid) => libvirt.detachDevice(uuid, xml, LIVE),
  }
}

/** What of a device that is there can be changed: media, the network an interface is on, its link, who may look. */
export const updateStep: StepMaker = (difference, running) => {
  const match = /^devices\.(disk|interface|graphics)\[([^\]]*)\]\.(.+)$/.exec(difference.path)
  if (!match?.[1] || match[2] === undefined || match[3] === undefined) return undefined
  const [, kind, key, inner] = match
  const pair = devicePair(running, kind, key)
  if (!pair || !changeable(kind, inner, difference, pair.live)) return undefined
  const xml = formatXml(mergeXml(pair.declared, pair.live))
  return {
    label: `update ${kind}[${key}]`,
    settles: 'now',
    act: (libvirt, uuid) => libvirt.updateDevice(uuid, xml, LIVE),
  }
}

function changeable(kind: string, inner: string, { after }: Difference, live: Element): boolean {
  if (kind === 'disk') return isDrive(live) && (inner === 'type' || inner.startsWith('source'))
  if (kind === 'graphics') return /^(?:passwd|passwdValidTo|connected)$/.test(inner)
  if (inner === 'type') return bridged(live.attributes.type) && bridged(after)
  if (/^(?:link|bandwidth|filterref)\b/.test(inner)) return true
  return inner.startsWith('source.') && bridged(live.attributes.type)
}

const bridged = (type: string | undefined): boolean => type === 'network' || type === 'bridge'

function devicePair(
  { declared, live }: Running,
  kind: string,
  key: string,
): { declared: Element; live: Element } | undefined {
  const find = (domain: Element): Element | undefined =>
    kind === 'graphics'
      ? childrenOf(child(domain, 'devices'), kind).find((g) => g.attributes.type === key)
      : findDevice(domain, kind, key)
  const [wanted, there] = [find(declared), find(live)]
  return wanted && there ? { declared: wanted, live: there } : undefined
}

/** An empty drive where there was a medium. */
export function ejectStep(drive: Element): LiveStep {
  const xml = formatXml({ ...drive, children: drive.children.filter((c) => c.name !== 'source') })
  return {
    label: `eject disk[${keyOf(drive) ?? ''}]`,
    settles: 'now',
    act: (libvirt, uuid) => libvirt.updateDevice(uuid, xml, LIVE),
  }
}

/** The guest is asked to let go of a device. */
export function detachStep(path: string, device: Element): LiveStep {
  const xml = formatXml(device)
  return {
    label: `detach ${path.replace(/^devices\./, '')}`,
    settles: 'guest',
    act: (libvirt, uuid) => libvirt.detachDevice(uuid, xml, LIVE),
  }
}
