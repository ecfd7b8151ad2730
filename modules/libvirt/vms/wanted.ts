import { join } from 'node:path'
import type { Json } from '../../../core/events/json.ts'
import { fleetUuid } from '../../../core/libvirt/identity/uuid.ts'
import { ModuleFailure } from '../../../core/module/types.ts'
import type { VmsArgs } from './args.ts'
import { bytes } from './bytes.ts'
import { type WantedDisk, wantedDisks } from './wanted-disks.ts'
import { type WantedInterface, wantedInterfaces } from './wanted-interfaces.ts'

/** One VM as the task declares it. */
export interface WantedVm {
  readonly name: string
  readonly uuid: string
  readonly template: string
  readonly memoryMiB: number
  readonly vcpus: number
  readonly disks: readonly WantedDisk[]
  readonly interfaces: readonly WantedInterface[]
  readonly cloudInit: VmsArgs['cloud_init']
  /** Path of its seed for cloud-init. */
  readonly seed: string | undefined
  readonly autostart: boolean | undefined
  readonly host: string | undefined
  readonly variables: Readonly<Record<string, Json>>
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
  const all = new Set(names)
  const twice = repeated(names)
  if (twice !== undefined) throw new ModuleFailure(`'${twice}' is named twice`)
  const unknown = args.overrides.find((o) => !all.has(o.name))
  if (unknown) throw new ModuleFailure(`overrides name '${unknown.name}', which is none of the VMs`)
  const again = repeated(args.overrides.map((o) => o.name))
  if (again !== undefined) throw new ModuleFailure(`overrides name '${again}' twice`)
  const stranger = args.anti_affinity.flat().find((name) => !all.has(name))
  if (stranger !== undefined) throw new ModuleFailure(`anti_affinity names '${stranger}', which is none of the VMs`)
  if (args.wave < 1) throw new ModuleFailure(`wave ${args.wave} would start nothing`, { hint: 'it is at least 1' })
  if (!(args.memory_ratio > 0)) throw new ModuleFailure(`memory_ratio ${args.memory_ratio} leaves no memory`)
  const interfaces = wantedInterfaces(args, names)
  const vms = names.map((name) => wanted(args, name, interfaces.get(name) ?? []))
  refuseFiles(vms)
  return vms
}

function repeated(names: readonly string[]): string | undefined {
  const seen = new Set<string>()
  return names.find((name) => seen.size === seen.add(name).size)
}

/** More of one task is a mistake in it. */
const MOST = 10_000

function namesOf(args: VmsArgs): string[] {
  if (args.names !== undefined) {
    if (args.count !== undefined || args.pattern !== undefined)
      throw new ModuleFailure('names excludes count and pattern')
    return args.names
  }
  if (args.count === undefined || args.pattern === undefined)
    throw new ModuleFailure('give names, or count and pattern')
  if (args.count < 0 || args.count > MOST) throw new ModuleFailure(`count ${args.count} is none of 0 to ${MOST}`)
  const match = /^([^%]*)%(0?)(\d{0,2})d([^%]*)$/.exec(args.pattern)
  if (!match) throw new ModuleFailure(`pattern '${args.pattern}' needs one number, such as web%02d`)
  const [, before = '', zero = '', width = '', after = ''] = match
  return Array.from({ length: args.count }, (_, i) => {
    const digits = String(args.start + i).padStart(Number(width), zero === '0' ? '0' : ' ')
    return `${before}${digits}${after}`
  })
}

function wanted(args: VmsArgs, name: string, interfaces: readonly WantedInterface[]): WantedVm {
  const own = args.overrides.find((o) => o.name === name)
  const vcpus = own?.vcpus ?? args.vcpus ?? 1
  if (vcpus < 1) throw new ModuleFailure(`'${name}' would have ${vcpus} processors`)
  const cloudInit = own?.cloud_init ?? args.cloud_init
  return {
    name,
    uuid: fleetUuid(args.fleet, 'domain', name),
    template: own?.template ?? args.template,
    memoryMiB: Number(bytes('memory', own?.memory ?? args.memory ?? '1GiB', 1n << 20n) / (1024n * 1024n)),
    vcpus,
    disks: wantedDisks(args, own, name),
    interfaces,
    cloudInit,
    seed: cloudInit === undefined ? undefined : join(args.path, `${name}-seed.iso`),
    autostart: own?.autostart ?? args.autostart,
    host: own?.host,
    variables: { ...args.variables, ...own?.variables },
  }
}

/** `a-vdb` may be a VM, and the second disk of another; and hosts tell of files line by line. */
function refuseFiles(vms: readonly WantedVm[]): void {
  const owners = new Map<string, string>()
  for (const { name, disks, seed } of vms) {
    for (const { file, base } of disks) {
      const other = owners.get(file)
      if (other !== undefined) throw new ModuleFailure(`${file} would be a disk of '${other}' and of '${name}'`)
      owners.set(file, name)
      refusePath(file)
      if (base) refusePath(base.file)
    }
    if (seed !== undefined) refusePath(seed)
  }
}

function refusePath(path: string): void {
  if (/[\u0000-\u001f\u007f]/.test(path)) throw new ModuleFailure(`${JSON.stringify(path)} cannot be a path of a disk`)
}
