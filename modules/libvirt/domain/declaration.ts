import { child, type Element, escapeXml } from '../../../core/libvirt/xml/element.ts'
import { lintDomain } from '../../../core/libvirt/xml/lint.ts'
import { ModuleFailure, type Reader } from '../../../core/module/types.ts'
import { excerpt, parseDeclared } from '../daemon/changes.ts'
import type { DiskArgs, DomainArgs, NicArgs } from './args.ts'
import { findTemplate } from './shipped.ts'

/** What a task says about a domain. */
export interface Declaration {
  /** The text it was read from: a rendered template, or the argument xml. */
  readonly source: string
  /** `domain.xml.njk`, or `xml`. */
  readonly origin: string
  readonly element: Element
  /** Whether a domain can be made of it: not where only single devices are declared. */
  readonly whole: boolean
  /** Devices that must not be there: disks by target, interfaces by MAC. */
  readonly removals: readonly { readonly kind: 'disk' | 'interface'; readonly key: string }[]
}

/** Renders and reads what the task declares; undefined where it declares only a state. Raises ModuleFailure. */
export async function declare(host: Reader, args: DomainArgs): Promise<Declaration | undefined> {
  if (args.template !== undefined && args.xml !== undefined)
    throw new ModuleFailure('template and xml exclude each other')
  const rendered =
    args.template === undefined
      ? undefined
      : await renderDomain(host, args.template, { ...args.variables, name: args.name })
  const source = rendered ?? args.xml
  const removals = [
    ...args.disks.filter((d) => d.state === 'absent').map((d) => ({ kind: 'disk' as const, key: d.target })),
    ...args.interfaces
      .filter((n) => n.state === 'absent')
      .map((n) => ({ kind: 'interface' as const, key: n.mac.toLowerCase() })),
  ]
  const devices = [
    ...args.disks.filter((d) => d.state === 'present').map(diskElement),
    ...args.interfaces.filter((n) => n.state === 'present').map(nicElement),
  ]
  if (source === undefined && devices.length === 0 && removals.length === 0) return undefined
  const origin = args.template ?? 'xml'
  const bare = `<domain><name>${escapeXml(args.name)}</name></domain>`
  const element = withDevices(
    source === undefined ? parseDeclared(bare, origin) : readWhole(source, origin, args.name),
    devices,
  )
  return { source: source ?? '', origin, element, whole: source !== undefined, removals }
}

/** The text of a domain template with these variables. */
export async function renderDomain(
  host: Reader,
  template: string,
  variables: DomainArgs['variables'],
): Promise<string> {
  const path = await findTemplate(host, template)
  const text = (await host.files.read(path)).toString('utf8')
  return await host.render(text, path, { variables, trimBlocks: true, lstripBlocks: true })
}

/** Reads a whole definition; every finding is the user's to mend, and shows the line. */
export function readWhole(source: string, origin: string, name: string): Element {
  const element = parseDeclared(source, origin)
  const findings = lintDomain(element)
  const declared = child(element, 'name')
  if (declared && declared.text !== name) {
    findings.push({ message: `the definition is for '${declared.text}', the task for '${name}'`, line: declared.line })
  }
  if (findings.length > 0) {
    const lines = findings
      .sort((a, b) => a.line - b.line)
      .map((f) => `line ${f.line}: ${f.message}: ${excerpt(source, f.line)}`)
    throw new ModuleFailure(`${origin}: ${lines.join('; ')}`)
  }
  return element
}

function withDevices(element: Element, devices: readonly Element[]): Element {
  if (devices.length === 0) return element
  const existing = element.children.find((c) => c.name === 'devices')
  const merged: Element = {
    name: 'devices',
    attributes: {},
    children: [...(existing?.children ?? []), ...devices],
    text: '',
    line: existing?.line ?? element.line,
  }
  return { ...element, children: [...element.children.filter((c) => c !== existing), merged] }
}

function diskElement(disk: DiskArgs): Element {
  if (disk.source === undefined && disk.device === 'disk') throw new ModuleFailure(`disk ${disk.target} needs a source`)
  const cache = disk.cache === undefined ? '' : ` cache='${disk.cache}'`
  const block = disk.source?.startsWith('/dev/') ?? false
  const source = disk.source === undefined ? '' : `<source ${block ? 'dev' : 'file'}='${escapeXml(disk.source)}'/>`
  const format = disk.device === 'cdrom' || block ? 'raw' : disk.format
  const readonly = disk.readonly || disk.device === 'cdrom' ? '<readonly/>' : ''
  return parseDeclared(
    `<disk type='${block ? 'block' : 'file'}' device='${disk.device}'><driver name='qemu' type='${format}'${cache}/>${source}<target dev='${escapeXml(disk.target)}' bus='${disk.bus}'/>${readonly}</disk>`,
    `disk ${disk.target}`,
  )
}

function nicElement(nic: NicArgs): Element {
  if ((nic.network === undefined) === (nic.bridge === undefined))
    throw new ModuleFailure(`interface ${nic.mac} needs a network or a bridge`)
  const kind = nic.network === undefined ? 'bridge' : 'network'
  const source = escapeXml(nic.network ?? nic.bridge ?? '')
  return parseDeclared(
    `<interface type='${kind}'><mac address='${escapeXml(nic.mac.toLowerCase())}'/><source ${kind}='${source}'/><model type='${escapeXml(nic.model)}'/></interface>`,
    `interface ${nic.mac}`,
  )
}
