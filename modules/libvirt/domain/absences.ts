import { child, childrenOf, type Element } from '../../../core/libvirt/xml/element.ts'
import { surplus } from '../../../core/libvirt/xml/exact.ts'
import type { DomainArgs } from './args.ts'
import { findDevice } from './devices.ts'
import type { Risk } from './risks.ts'

/** Something of a domain that must not be there. */
export interface Unwanted {
  readonly path: string
  readonly before: string
  /** Elements of the domain that was looked at. */
  readonly elements: readonly Element[]
  /** Whether it is a device, which a running guest may let go. */
  readonly device: boolean
  readonly risk?: Risk
}

/** Finds what must not be there in a definition; it may be asked about several. */
export type Absence = (domain: Element) => readonly Unwanted[]

const present = (path: string, elements: readonly Element[], more: Partial<Unwanted> = {}): Unwanted[] =>
  elements.length === 0 ? [] : [{ path, before: 'present', elements, device: true, ...more }]

/** What the arguments say must not be there. */
export function absences(args: DomainArgs): Absence[] {
  const all: Absence[] = []
  const devices = (d: Element, kind: string): Element[] => childrenOf(child(d, 'devices'), kind)
  for (const { target } of args.disks.filter((d) => d.state === 'absent'))
    all.push((d) => present(`devices.disk[${target}]`, found(d, 'disk', target)))
  for (const { mac } of args.interfaces.filter((n) => n.state === 'absent'))
    all.push((d) => present(`devices.interface[${mac.toLowerCase()}]`, found(d, 'interface', mac.toLowerCase())))
  for (const { target } of args.disks.filter((d) => d.state === 'present' && d.device === 'cdrom' && !d.source))
    all.push((d) => medium(d, target))
  if (args.tpm === 'none') all.push((d) => present('devices.tpm', devices(d, 'tpm'), { risk: 'tpm' }))
  if (args.graphics === 'none') all.push((d) => present('devices.graphics', devices(d, 'graphics')))
  if (args.console === false)
    all.push((d) => present('devices.serial', [...devices(d, 'serial'), ...devices(d, 'console')]))
  if (args.agent === false)
    all.push((d) =>
      present(
        'devices.channel[org.qemu.guest_agent.0]',
        devices(d, 'channel').filter((c) => child(c, 'target')?.attributes.name === 'org.qemu.guest_agent.0'),
      ),
    )
  if (args.firmware === 'bios') all.push(efi)
  return all
}

const found = (domain: Element, kind: string, key: string): Element[] => {
  const device = findDevice(domain, kind, key)
  return device ? [device] : []
}

function medium(domain: Element, target: string): Unwanted[] {
  const drive = findDevice(domain, 'disk', target)
  const source = child(drive, 'source')
  // An empty drive of a running guest may keep an empty source.
  const { file, dev, name, volume } = source?.attributes ?? {}
  const before = file ?? dev ?? name ?? volume
  if (!source || before === undefined) return []
  return [{ path: `devices.disk[${target}].source`, before, elements: [source], device: false }]
}

/** UEFI where the BIOS is meant. libvirt 9 and older tell it of a running guest by the loader only. */
function efi(domain: Element): Unwanted[] {
  const os = child(domain, 'os')
  const firmware = os?.attributes.firmware
  const elements = ['loader', 'nvram', 'firmware'].flatMap((name) => childrenOf(os, name))
  if (firmware === undefined && !elements.some((e) => e.name === 'loader')) return []
  return [{ path: 'os.firmware', before: firmware ?? 'efi', elements, device: false, risk: 'firmware' }]
}

/** Of lists that were declared complete: what is there besides. */
export function exactAbsence(declared: Element, args: DomainArgs): Absence {
  return (domain) =>
    surplus(declared, domain, args.exact).flatMap(({ path, device }) =>
      present(path, [device], device.name === 'tpm' ? { risk: 'tpm' } : {}),
    )
}

/** The definition without these. */
export function without(domain: Element, unwanted: readonly Unwanted[]): Element {
  const gone = new Set(unwanted.flatMap((u) => u.elements))
  const firmware = unwanted.some((u) => u.path === 'os.firmware')
  const strip = (e: Element): Element => {
    const { firmware: _firmware, ...attributes } = e.attributes
    const children = e.children.filter((c) => !gone.has(c)).map(strip)
    return { ...e, children, ...(firmware && e.name === 'os' && { attributes }) }
  }
  return strip(domain)
}
