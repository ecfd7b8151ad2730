import { child, type Element } from '../../../core/libvirt/xml/element.ts'

/** What a definition may say that libvirt 7.0 does not know; the versions are those of libvirt's formatdomain page. */
interface Younger {
  readonly element: string
  readonly what: string
  readonly since: string
  readonly has: (element: Element) => boolean
}

const is =
  (attribute: string, ...values: string[]): Younger['has'] =>
  ({ attributes }) =>
    values.includes(attributes[attribute] ?? '')

const YOUNGER: readonly Younger[] = [
  { element: 'cpu', what: "cpu mode 'maximum'", since: '7.1.0', has: is('mode', 'maximum') },
  { element: 'memory', what: 'virtio-pmem', since: '7.1.0', has: is('model', 'virtio-pmem') },
  { element: 'memory', what: 'virtio-mem', since: '7.9.0', has: is('model', 'virtio-mem') },
  {
    element: 'firmware',
    what: 'features of a firmware',
    since: '7.2.0',
    has: (e) => child(e, 'feature') !== undefined,
  },
  { element: 'iommu', what: "iommu model 'virtio'", since: '8.3.0', has: is('model', 'virtio') },
  { element: 'graphics', what: 'graphics by D-Bus', since: '8.4.0', has: is('type', 'dbus') },
  { element: 'channel', what: 'a channel of qemu-vdagent', since: '8.4.0', has: is('type', 'qemu-vdagent') },
  { element: 'backend', what: 'passt', since: '9.0.0', has: is('type', 'passt') },
  { element: 'crypto', what: 'crypto devices', since: '9.0.0', has: () => true },
  { element: 'launchSecurity', what: 'SEV-SNP', since: '10.5.0', has: is('type', 'sev-snp') },
]

/** Why an older libvirt may have refused a definition with this text: what in it came later. Undefined where nothing did. */
export function youngerThan(message: string, element: Element): string | undefined {
  for (const rule of YOUNGER) {
    const named = element.name === rule.element && new RegExp(`\\b${rule.element}\\b`).test(message)
    if (named && rule.has(element)) return `libvirt knows ${rule.what} since ${rule.since}`
  }
  for (const inner of element.children) {
    const found = youngerThan(message, inner)
    if (found !== undefined) return found
  }
  return undefined
}
