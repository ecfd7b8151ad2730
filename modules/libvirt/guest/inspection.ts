import type { JsonObject } from '../../../core/events/json.ts'
import { child, childrenOf, parseXml } from '../../../core/libvirt/xml/element.ts'

/** virt-inspector's XML (virt-inspector(1)) as values; undefined where it found no system. */
export function readInspection(output: string): JsonObject | undefined {
  const xml = child(parseXml(output), 'operatingsystem')
  if (!xml) return undefined
  const text = (name: string): string | null => child(xml, name)?.text || null
  const version = ['major_version', 'minor_version'].map(text).filter((part) => part !== null)
  return {
    type: text('name'),
    distro: text('distro'),
    version: version.length > 0 ? version.join('.') : null,
    product_name: text('product_name'),
    hostname: text('hostname'),
    arch: text('arch'),
    osinfo: text('osinfo'),
    package_format: text('package_format'),
    package_management: text('package_management'),
    root: text('root'),
    mountpoints: Object.fromEntries(
      childrenOf(child(xml, 'mountpoints'), 'mountpoint').map((one) => [one.text, one.attributes.dev ?? '']),
    ),
    filesystems: childrenOf(child(xml, 'filesystems'), 'filesystem').map((one) => ({
      device: one.attributes.dev ?? '',
      type: child(one, 'type')?.text ?? null,
      label: child(one, 'label')?.text ?? null,
      uuid: child(one, 'uuid')?.text ?? null,
    })),
  }
}

/** guestfish's df, in blocks of 1 KiB: what of the guest is mounted below /sysroot. Sizes in bytes. */
export function readFreeSpace(output: string): JsonObject[] {
  return output.split('\n').flatMap((line) => {
    const match = /^(\S+)\s+(\d+)\s+(\d+)\s+(\d+)\s+\S+\s+\/sysroot(\/.*)?$/.exec(line)
    if (!match) return []
    const [, device = '', size, used, available, path] = match
    return [
      {
        device,
        mountpoint: path ?? '/',
        size: Number(size) * 1024,
        used: Number(used) * 1024,
        available: Number(available) * 1024,
      },
    ]
  })
}
