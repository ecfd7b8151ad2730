import type { Json } from '../../../core/events/json.ts'
import { fleetUuid } from '../../../core/libvirt/identity/uuid.ts'
import { parseSize } from '../../../core/libvirt/xml/units.ts'
import { ModuleFailure } from '../../../core/module/types.ts'
import { fixedAddresses } from './addresses.ts'
import type { VmsArgs } from './args.ts'

/** One VM as the task declares it. */
export interface WantedVm {
  readonly name: string
  readonly uuid: string
  readonly memoryMiB: number
  readonly vcpus: number
  readonly disk: string
  /** What the task says; a disk that is there is held to nothing else. */
  readonly diskSize: bigint | undefined
  readonly interface: { readonly network?: string; readonly bridge?: string }
  /** Path of its seed for cloud-init. */
  readonly seed: string | undefined
  readonly address: FixedAddress | undefined
  readonly host: string | undefined
  readonly variables: Readonly<Record<string, Json>>
}

/** An address that the VM does not get by DHCP. */
export interface FixedAddress {
  /** With prefix. */
  readonly cidr: string
  readonly gateway: string | undefined
  readonly nameservers: readonly string[]
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

/** The VMs of a task, in order. Raises ModuleFailure. */
export function wantedVms(args: VmsArgs): WantedVm[] {
  const names = namesOf(args)
  const bad = names.find((n) => !NAME.test(n))
  if (bad !== undefined || !NAME.test(args.fleet))
    throw new ModuleFailure(
      `'${bad ?? args.fleet}' cannot be a name: letters, digits, dots, dashes and underscores are allowed`,
    )
  const twice = names.find((n, i) => names.indexOf(n) !== i)
  if (twice !== undefined) throw new ModuleFailure(`'${twice}' is named twice`)
  const unknown = args.overrides.find((o) => !names.includes(o.name))
  if (unknown) throw new ModuleFailure(`overrides name '${unknown.name}', which is none of the VMs`)
  const stranger = args.anti_affinity.flat().find((name) => !names.includes(name))
  if (stranger !== undefined) throw new ModuleFailure(`anti_affinity names '${stranger}', which is none of the VMs`)
  if (args.wave < 1) throw new ModuleFailure(`wave ${args.wave} would start nothing`, { hint: 'it is at least 1' })
  const addresses = fixedAddresses(args, names)
  return names.map((name) => wanted(args, name, addresses.get(name)))
}

function namesOf(args: VmsArgs): string[] {
  if (args.names !== undefined) {
    if (args.count !== undefined || args.pattern !== undefined)
      throw new ModuleFailure('names excludes count and pattern')
    return args.names
  }
  if (args.count === undefined || args.pattern === undefined)
    throw new ModuleFailure('give names, or count and pattern')
  const match = /^([^%]*)%(0?)(\d*)d([^%]*)$/.exec(args.pattern)
  if (!match) throw new ModuleFailure(`pattern '${args.pattern}' needs one number, such as web%02d`)
  const [, before = '', zero = '', width = '', after = ''] = match
  return Array.from({ length: args.count }, (_, i) => {
    const digits = String(args.start + i).padStart(Number(width), zero === '0' ? '0' : ' ')
    return `${before}${digits}${after}`
  })
}

function wanted(args: VmsArgs, name: string, address: string | undefined): WantedVm {
  const own = args.overrides.find((o) => o.name === name)
  const size = own?.disk_size ?? args.disk_size
  const bridge = own?.bridge ?? (own?.network === undefined ? args.bridge : undefined)
  const network = own?.network ?? args.network ?? 'default'
  const folder = args.path.replace(/\/+$/, '')
  return {
    name,
    uuid: fleetUuid(args.fleet, 'domain', name),
    memoryMiB: Number(bytes('memory', own?.memory ?? args.memory ?? '1GiB') / (1024n * 1024n)),
    vcpus: own?.vcpus ?? args.vcpus ?? 1,
    disk: `${folder}/${name}.qcow2`,
    seed: args.cloud_init === undefined ? undefined : `${folder}/${name}-seed.iso`,
    address:
      address === undefined ? undefined : { cidr: address, gateway: args.gateway, nameservers: args.nameservers },
    diskSize: size === undefined ? undefined : bytes('disk_size', size),
    interface: bridge === undefined ? { network } : { bridge },
    host: own?.host,
    variables: { ...args.variables, ...own?.variables },
  }
}

/** A size argument in bytes. */
export function bytes(argument: string, text: string, least = 1n): bigint {
  const size = parseSize(text)
  if (size === undefined || size < least)
    throw new ModuleFailure(`${argument} '${text}' is not a size`, { hint: 'such as 2GiB' })
  return size
}
