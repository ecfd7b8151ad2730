import { LabError } from './errors.ts'
import type { ContainerVariant } from './image/recipe.ts'

/**
 * What a lab consists of, and where. Names are given by the lab: hv1…, nfs1…, and c1… (plain), l1… (libvirt), n1…
 * (network), s1… (security), bullseye1…, trixie1…, modular1…
 */
export interface LabOptions {
  /** The lab's folder; `.lab` under the working folder unless said. */
  dir?: string
  /** Emulated hypervisors (default 2). */
  hypervisors?: number
  /** Emulated NFS servers (default 1, none when there are no hypervisors). */
  nfsServers?: number
  /** systemd containers, by image; a number means plain ones (default 0). */
  containers?: number | Partial<Record<ContainerVariant, number>>
  /** Memory of each emulated machine, in MiB (default 1500). */
  memory?: number
  /** Put before every machine's name. */
  prefix?: string
  /** Install missing Debian packages without asking. */
  yes?: boolean
  /** Asked before packages are installed, unless `yes`; no answer function means no. */
  confirm?: (packages: readonly string[]) => Promise<boolean>
  signal?: AbortSignal
}

/** What a machine is for; also its group in the inventory. */
export type Role = 'hypervisors' | 'nfs_servers' | 'containers'

/** A machine that was asked for. `number` counts within the lab and gives its addresses. */
export interface WantedMachine {
  name: string
  kind: 'vm' | 'container'
  role: Role
  variant: ContainerVariant | undefined
  memory: number
  number: number
}

/** What containers of a variant are called, the first one's number in the lab, and how many there may be. */
const series: Readonly<Record<ContainerVariant, readonly [letter: string, first: number, most: number]>> = {
  plain: ['c', 70, 50],
  libvirt: ['l', 130, 50],
  network: ['n', 190, 50],
  // What is left of the subnet.
  security: ['s', 240, 14],
  'libvirt-bullseye': ['bullseye', 60, 10],
  'libvirt-trixie': ['trixie', 120, 10],
  modular: ['modular', 180, 10],
}

/** The machines that the options ask for; throws `bad-option` with the option's name. */
export function planMachines(options: LabOptions): WantedMachine[] {
  const hypervisors = count('hypervisors', options.hypervisors, 2)
  const nfsServers = count('nfsServers', options.nfsServers, hypervisors === 0 ? 0 : 1)
  const containers = typeof options.containers === 'object' ? options.containers : { plain: options.containers ?? 0 }
  const memory = options.memory ?? 1500
  if (!Number.isInteger(memory) || memory < 512) {
    throw new LabError('bad-option', `memory must be at least 512 MiB, not ${memory}`)
  }
  const prefix = options.prefix ?? ''
  if (!/^([a-z][a-z0-9-]{0,20})?$/.test(prefix)) {
    throw new LabError('bad-option', `prefix must be lower case letters, digits and dashes, not "${prefix}"`)
  }
  const machines: WantedMachine[] = []
  const add = (
    kind: 'vm' | 'container',
    role: Role,
    letter: string,
    many: number,
    first: number,
    variant?: ContainerVariant,
  ) => {
    for (let i = 1; i <= many; i++) {
      machines.push({ name: `${prefix}${letter}${i}`, kind, role, variant, memory, number: first + i })
    }
  }
  add('vm', 'hypervisors', 'hv', hypervisors, 10)
  add('vm', 'nfs_servers', 'nfs', nfsServers, 40)
  for (const variant of Object.keys(series) as ContainerVariant[]) {
    const [letter, first, most] = series[variant]
    add('container', 'containers', letter, count('containers', containers[variant], 0, most), first, variant)
  }
  if (machines.length === 0) throw new LabError('bad-option', 'a lab needs at least one machine')
  return machines
}

function count(option: string, given: number | undefined, otherwise: number, most = 20): number {
  const value = given ?? otherwise
  if (!Number.isInteger(value) || value < 0 || value > most) {
    throw new LabError('bad-option', `${option} must be a whole number from 0 to ${most}, not ${value}`)
  }
  return value
}
