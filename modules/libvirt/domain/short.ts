import type { Element } from '../../../core/libvirt/xml/element.ts'
import { macProblem } from '../../../core/libvirt/xml/lint.ts'
import { parseSize } from '../../../core/libvirt/xml/units.ts'
import { ModuleFailure } from '../../../core/module/types.ts'
import type { DiskArgs, DomainArgs, NicArgs } from './args.ts'
import { element, maybe } from './build.ts'

const CLASSES = new Set(['hd', 'cdrom', 'network', 'fd'])

/** What the task says in single arguments, as a definition. Raises ModuleFailure. */
export function shortElement(args: DomainArgs): Element {
  const order = bootOrder(args)
  return element('domain', {}, [
    element('name', {}, args.name),
    ...maybe(args.uuid, (v) => element('uuid', {}, v)),
    ...maybe(args.title, (v) => element('title', {}, v)),
    ...maybe(args.description, (v) => element('description', {}, v)),
    ...maybe(args.memory, (v) => element('memory', { unit: 'bytes' }, size('memory', v))),
    ...maybe(args.current_memory, (v) => element('currentMemory', { unit: 'bytes' }, size('current_memory', v))),
    ...processors(args),
    ...nonEmpty(osElement(args)),
    ...(args.firmware === 'efi-secure' ? [element('features', {}, [element('smm', { state: 'on' })])] : []),
    ...maybe(args.cpu, cpuElement),
    ...nonEmpty(element('devices', {}, devices(args, order))),
  ])
}

const nonEmpty = (e: Element): Element[] => (e.children.length + Object.keys(e.attributes).length > 0 ? [e] : [])

/** A size in bytes, as text. */
export function size(argument: string, text: string): string {
  const bytes = parseSize(text)
  if (bytes === undefined || bytes <= 0n)
    throw new ModuleFailure(`${argument} '${text}' is not a size`, { hint: 'such as 2GiB' })
  return String(bytes)
}

function processors(args: DomainArgs): Element[] {
  const { vcpus, current_vcpus: current } = args
  if (vcpus === undefined) return current === undefined ? [] : [element('vcpu', { current })]
  if (current !== undefined && current > vcpus)
    throw new ModuleFailure(`current_vcpus ${current} is more than vcpus ${vcpus}`)
  return [element('vcpu', { current: current ?? vcpus }, String(vcpus))]
}

function osElement(args: DomainArgs): Element {
  const efi = args.firmware === 'efi' || args.firmware === 'efi-secure'
  return element('os', { firmware: efi ? 'efi' : undefined }, [
    ...maybe(args.machine, (machine) => element('type', { machine }, 'hvm')),
    ...(args.firmware === 'efi-secure' ? [element('loader', { secure: 'yes' })] : []),
    ...(byClass(args) ? (args.boot ?? []).map((dev) => element('boot', { dev })) : []),
  ])
}

const byClass = (args: DomainArgs): boolean => args.boot?.every((entry) => CLASSES.has(entry)) === true

function cpuElement(cpu: string): Element {
  if (['host-model', 'host-passthrough', 'maximum'].includes(cpu)) return element('cpu', { mode: cpu })
  return element('cpu', { mode: 'custom', match: 'exact' }, [element('model', {}, cpu)])
}

/** Place in the order by disk target or MAC; empty where classes of devices are named, or nothing is. */
function bootOrder(args: DomainArgs): ReadonlyMap<string, number> {
  if (args.boot === undefined || byClass(args)) return new Map()
  const wrong = args.boot.find((entry) => CLASSES.has(entry))
  if (wrong !== undefined)
    throw new ModuleFailure(`boot names '${wrong}' beside single devices`, {
      hint: 'name classes (hd, cdrom, network) or devices (vda, a MAC), not both',
    })
  return new Map(args.boot.map((entry, i) => [entry.toLowerCase(), i + 1]))
}

function devices(args: DomainArgs, order: ReadonlyMap<string, number>): Element[] {
  const disks = args.disks.filter((d) => d.state === 'present')
  const nics = args.interfaces.filter((n) => n.state === 'present')
  const named = new Set([...disks.map((d) => d.target), ...nics.map((n) => n.mac.toLowerCase())])
  const others = [...order].filter(([entry]) => !named.has(entry))
  return [
    ...disks.map((d) => diskElement(d, order.get(d.target))),
    ...nics.map((n) => nicElement(n, order.get(n.mac.toLowerCase()))),
    ...others.map(([entry, place]) =>
      entry.includes(':')
        ? element('interface', {}, [element('mac', { address: entry }), element('boot', { order: place })])
        : element('disk', {}, [element('target', { dev: entry }), element('boot', { order: place })]),
    ),
    ...(args.console === true
      ? [
          element('serial', { type: 'pty' }, [element('target', { port: 0 })]),
          element('console', { type: 'pty' }, [element('target', { type: 'serial', port: 0 })]),
        ]
      : []),
    ...(args.agent === true
      ? [element('channel', { type: 'unix' }, [element('target', { type: 'virtio', name: 'org.qemu.guest_agent.0' })])]
      : []),
    ...(args.tpm === undefined || args.tpm === 'none'
      ? []
      : [element('tpm', {}, [element('backend', { type: 'emulator', version: args.tpm })])]),
    ...graphics(args),
  ]
}

function graphics(args: DomainArgs): Element[] {
  if (args.graphics === undefined || args.graphics === 'none') return []
  const port = args.graphics_port === undefined ? { autoport: 'yes' } : { port: args.graphics_port, autoport: 'no' }
  return [
    element('graphics', { type: args.graphics, ...port }, [
      element('listen', { type: 'address', address: args.graphics_listen }),
    ]),
  ]
}

function diskElement(disk: DiskArgs, order: number | undefined): Element {
  if (disk.source === undefined && disk.device === 'disk') throw new ModuleFailure(`disk ${disk.target} needs a source`)
  const block = disk.source?.startsWith('/dev/') ?? false
  return element('disk', { type: block ? 'block' : 'file', device: disk.device }, [
    ...maybe(driverOf(disk), (driver) => element('driver', driver)),
    ...maybe(disk.source, (path) => element('source', block ? { dev: path } : { file: path })),
    element('target', { dev: disk.target, bus: disk.bus }),
    ...maybe(disk.serial, (serial) => element('serial', {}, serial)),
    ...(disk.readonly || disk.device === 'cdrom' ? [element('readonly')] : []),
    ...maybe(order, (place) => element('boot', { order: place })),
  ])
}

function driverOf({ format, cache }: DiskArgs): { name: string; type?: string; cache?: string } | undefined {
  if (format === undefined && cache === undefined) return undefined
  return { name: 'qemu', ...(format !== undefined && { type: format }), ...(cache !== undefined && { cache }) }
}

function nicElement(nic: NicArgs, order: number | undefined): Element {
  const problem = macProblem(nic.mac)
  if (problem !== undefined) throw new ModuleFailure(problem)
  if ((nic.network === undefined) === (nic.bridge === undefined))
    throw new ModuleFailure(`interface ${nic.mac} needs a network or a bridge`)
  const kind = nic.network === undefined ? 'bridge' : 'network'
  return element('interface', { type: kind }, [
    element('mac', { address: nic.mac.toLowerCase() }),
    element('source', { [kind]: nic.network ?? nic.bridge ?? '' }),
    ...maybe(nic.model, (type) => element('model', { type })),
    ...maybe(nic.link, (state) => element('link', { state })),
    ...maybe(order, (place) => element('boot', { order: place })),
  ])
}
