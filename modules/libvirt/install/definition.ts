import { child, type Element, parseXml } from '../../../core/libvirt/xml/element.ts'

/** Of the mark in a domain's metadata: it is being installed. */
export const MARK = { uri: 'https://virtfleet.dev/install/1', key: 'virtfleet' }
export type Stage = 'prepared' | 'started'

/** The mark without its namespace, as libvirt keeps it under one. */
export const markXml = (stage: Stage): string => `<install stage='${stage}'/>`

/** How far an installation is, from the metadata; undefined where there is none. */
export function stageOf(metadata: string | undefined): Stage | undefined {
  const stage = /stage=['"](prepared|started)['"]/.exec(metadata ?? '')?.[1]
  return stage as Stage | undefined
}

/** What the installer boots from. */
export interface InstallMedia {
  readonly iso?: string | undefined
  readonly kernel?: string | undefined
  readonly initrd?: string | undefined
  readonly kernelArgs: string
  /** CD with the answers. */
  readonly answers?: string | undefined
}

/**
 * The definition of the machine while it is installed: it boots the installer, and is off when that reboots, so that its next boot is
 * one from its disk. What else it has is as it will be.
 */
export function installing(domain: Element, media: InstallMedia): Element {
  const mark = parseXml(`<virtfleet:install xmlns:virtfleet='${MARK.uri}' stage='prepared'/>`)
  const cds = [media.iso, media.answers].filter((path) => path !== undefined)
  const parts = domain.children
    .filter(({ name }) => name !== 'on_reboot' && name !== 'metadata')
    .map((one) => {
      if (one.name === 'os') return { ...one, children: bootFrom(one, media) }
      if (one.name === 'devices') return { ...one, children: [...one.children.map(withoutBoot), ...drives(one, cds)] }
      return one
    })
  const metadata = { ...leaf('metadata'), children: [...(child(domain, 'metadata')?.children ?? []), mark] }
  return { ...domain, children: [...parts, leaf('on_reboot', 'destroy'), metadata] }
}

const leaf = (name: string, text = '', attributes: Record<string, string> = {}): Element => ({
  name,
  attributes,
  children: [],
  text,
  line: 0,
})

const BOOT = new Set(['boot', 'kernel', 'initrd', 'cmdline', 'bootmenu'])

function bootFrom(os: Element, { iso, kernel, initrd, kernelArgs }: InstallMedia): Element[] {
  const rest = os.children.filter(({ name }) => !BOOT.has(name))
  if (iso !== undefined) return [...rest, leaf('boot', '', { dev: 'cdrom' }), leaf('boot', '', { dev: 'hd' })]
  return [
    ...rest,
    leaf('kernel', kernel ?? ''),
    ...(initrd === undefined ? [] : [leaf('initrd', initrd)]),
    ...(kernelArgs === '' ? [] : [leaf('cmdline', kernelArgs)]),
  ]
}

/** The order of the devices does not count beside that of the installer. */
const withoutBoot = (device: Element): Element => ({
  ...device,
  children: device.children.filter(({ name }) => name !== 'boot'),
})

function drives(devices: Element, files: readonly string[]): Element[] {
  const taken = new Set(devices.children.flatMap((one) => child(one, 'target')?.attributes.dev ?? []))
  const free = ['sda', 'sdb', 'sdc', 'sdd', 'sde', 'sdf'].filter((name) => !taken.has(name))
  return files.map((file, i) => ({
    ...leaf('disk', '', { type: 'file', device: 'cdrom' }),
    children: [
      leaf('driver', '', { name: 'qemu', type: 'raw' }),
      leaf('source', '', { file }),
      leaf('target', '', { dev: free[i] ?? `sd${i}`, bus: 'sata' }),
      leaf('readonly'),
    ],
  }))
}
