import type { Element } from './element.ts'

/** As libvirt writes a domain. */
const ORDER = [
  ...['name', 'uuid', 'genid', 'title', 'description', 'metadata'],
  ...['maxMemory', 'memory', 'currentMemory', 'blkiotune', 'memtune', 'memoryBacking'],
  ...['vcpu', 'vcpus', 'iothreads', 'iothreadids', 'defaultiothread', 'cputune', 'numatune', 'resource', 'sysinfo'],
  ...['bootloader', 'bootloader_args', 'os', 'idmap', 'features', 'cpu', 'clock'],
  ...['on_poweroff', 'on_reboot', 'on_crash', 'on_lockfailure', 'pm', 'perf', 'devices', 'seclabel'],
]
const PLACE = new Map(ORDER.map((name, i) => [name, i]))

/**
 * A definition in the order in which libvirt writes it. Order should not count, but with elements of its groups in turns
 * (`cputune title memory uuid`) libvirt's validation refuses a domain: libxml2 does not follow interleaved groups.
 */
export function inOrder(element: Element): Element {
  if (element.name !== 'domain') return element
  const place = (e: Element): number => PLACE.get(e.name) ?? ORDER.length
  return { ...element, children: [...element.children].sort((a, b) => place(a) - place(b)) }
}
