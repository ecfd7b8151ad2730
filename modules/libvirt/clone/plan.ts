import { fleetMac } from '../../../core/libvirt/identity/mac.ts'
import { fleetUuid } from '../../../core/libvirt/identity/uuid.ts'
import { type DomainDisk, readDomain } from '../../../core/libvirt/xml/domain.ts'
import { child, type Element } from '../../../core/libvirt/xml/element.ts'
import { ModuleFailure } from '../../../core/module/types.ts'
import type { KnownDomain } from '../storage/users.ts'
import type { CloneArgs } from './args.ts'

/** A file of the source, and where the clone's own is to be. */
export interface Copy {
  /** Target of the disk; `nvram` for the firmware's variables. */
  readonly what: string
  readonly from: string
  readonly to: string
  readonly format: string
  /** Format of what it is a copy of, or on top of: as the definition has it, never guessed from what a guest has written. */
  readonly fromFormat: string
}

export interface ClonePlan {
  readonly uuid: string
  readonly macs: readonly string[]
  readonly copies: readonly Copy[]
  /** Without what only the source has. */
  readonly definition: Element
}

/** What the clone is to be. Raises ModuleFailure for a source that cannot be cloned. */
export function planClone(a: CloneArgs, source: Element, others: readonly KnownDomain[]): ClonePlan {
  const model = readDomain(source)
  const taken = new Set(
    others.flatMap((one) => (one.model.name === a.name ? [] : one.model.nics.map((nic) => nic.mac ?? ''))),
  )
  const macs = model.nics.map((_, i) => {
    const mac = fleetMac(a.fleet, a.name, i, taken)
    taken.add(mac)
    return mac
  })
  const unknown = a.exclude_disks.filter((target) => !model.disks.some((disk) => disk.target === target))
  if (unknown.length > 0) throw new ModuleFailure(`'${a.source}' has no disk ${unknown.join(', ')}`)
  const copies = model.disks
    .filter((disk) => isOwn(disk) && !a.exclude_disks.includes(disk.target))
    .map((disk) => copyOf(a, disk))
  if (model.nvram !== undefined)
    copies.push({
      what: 'nvram',
      from: model.nvram,
      to: renamed(a, model.nvram, undefined),
      format: 'raw',
      fromFormat: 'raw',
    })
  const twice = copies.find((one, i) => copies.findIndex((other) => other.to === one.to) !== i)
  if (twice) throw new ModuleFailure(`two disks of the clone would be ${twice.to}`, { hint: 'exclude one of them' })
  const uuid = fleetUuid(a.fleet, 'domain', a.name)
  return { uuid, macs, copies, definition: rewrite(source, a, uuid, macs, copies) }
}

/** A disk that the clone needs for itself: what cannot be written is had by both. */
const isOwn = (disk: DomainDisk): boolean =>
  (disk.device === 'disk' || disk.device === 'lun') && !disk.readonly && !disk.shareable && disk.source !== undefined

function copyOf(a: CloneArgs, disk: DomainDisk): Copy {
  if (disk.type !== 'file' || !disk.source?.startsWith('/'))
    throw new ModuleFailure(`${disk.target} of '${a.source}' is a ${disk.type}, not a file, and is not cloned`, {
      hint: 'exclude_disks leaves it out',
    })
  const format = disk.format ?? 'raw'
  if (format !== 'qcow2' && format !== 'raw')
    throw new ModuleFailure(`${disk.target} of '${a.source}' is ${format}; only qcow2 and raw are cloned`)
  return {
    what: disk.target,
    from: disk.source,
    to: renamed(a, disk.source, a.folder),
    format: a.type === 'linked' ? 'qcow2' : format,
    fromFormat: format,
  }
}

/** The name of the source in a file's name becomes that of the clone. */
function renamed(a: CloneArgs, path: string, folder: string | undefined): string {
  const slash = path.lastIndexOf('/')
  const name = path.slice(slash + 1)
  const own = name.includes(a.source) ? name.replace(a.source, a.name) : `${a.name}-${name}`
  return `${folder?.replace(/\/$/, '') ?? path.slice(0, slash)}/${own}`
}

function rewrite(
  source: Element,
  a: CloneArgs,
  uuid: string,
  macs: readonly string[],
  copies: readonly Copy[],
): Element {
  let nic = 0
  const fileOf = (what: string): Copy | undefined => copies.find((one) => one.what === what)
  const device = (one: Element): Element[] => {
    if (one.name === 'interface') {
      const mac = leaf('mac', { address: macs[nic++] ?? '' })
      return [
        {
          ...one,
          text: '',
          children: [mac, ...one.children.filter(({ name }) => name !== 'mac' && name !== 'target')],
        },
      ]
    }
    if (one.name === 'disk') {
      const target = child(one, 'target')?.attributes.dev ?? ''
      if (a.exclude_disks.includes(target)) return []
      const copy = fileOf(target)
      return [copy ? withFile(one, copy) : one]
    }
    if (one.name === 'channel') return [{ ...one, children: one.children.filter((part) => !isOwnSocket(part)) }]
    return [one]
  }
  const part = (one: Element): Element => {
    if (one.name === 'name') return { ...one, text: a.name }
    if (one.name === 'uuid') return { ...one, text: uuid }
    // Empty, libvirt makes a new one.
    if (one.name === 'genid') return { ...one, text: '' }
    if (one.name === 'sysinfo') return withSystemUuid(one, uuid)
    if (one.name === 'devices') return { ...one, children: one.children.flatMap(device) }
    if (one.name !== 'os') return one
    const nvram = fileOf('nvram')
    return nvram
      ? { ...one, children: one.children.map((inner) => (inner.name === 'nvram' ? withNvram(inner, nvram) : inner)) }
      : one
  }
  return { ...source, attributes: withoutId(source.attributes), children: source.children.map(part) }
}

const leaf = (name: string, attributes: Record<string, string>): Element => ({
  name,
  attributes,
  children: [],
  text: '',
  line: 0,
})

/** The number of a running domain. */
function withoutId(attributes: Element['attributes']): Element['attributes'] {
  const { id: _id, ...rest } = attributes
  return rest
}

function withFile(disk: Element, copy: Copy): Element {
  const children = disk.children
    .filter(({ name }) => name !== 'backingStore')
    .map((one) => {
      if (one.name === 'source') return leaf('source', { file: copy.to })
      return one.name === 'driver' ? { ...one, attributes: { ...one.attributes, type: copy.format } } : one
    })
  return { ...disk, children }
}

function withNvram(nvram: Element, copy: Copy): Element {
  if (nvram.text !== '') return { ...nvram, text: copy.to }
  return {
    ...nvram,
    children: nvram.children.map((one) => (one.name === 'source' ? leaf('source', { file: copy.to }) : one)),
  }
}

/** A socket that libvirt made for the source; without it, it makes one for the clone. */
const isOwnSocket = (part: Element): boolean =>
  part.name === 'source' && part.attributes.mode === 'bind' && /\/domain-/.test(part.attributes.path ?? '')

/** The UUID in SMBIOS must be that of the domain. */
function withSystemUuid(sysinfo: Element, uuid: string): Element {
  const entry = (one: Element): Element => (one.attributes.name === 'uuid' ? { ...one, text: uuid } : one)
  return {
    ...sysinfo,
    children: sysinfo.children.map((one) =>
      one.name === 'system' ? { ...one, children: one.children.map(entry) } : one,
    ),
  }
}
