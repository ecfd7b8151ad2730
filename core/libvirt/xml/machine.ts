import type { MachineAliases } from './rules/types.ts'

/** `q35`, `i440fx`: machines whose buses are alike; undefined where there is none. */
export function machineFamily(machine: string | undefined): string | undefined {
  if (machine === undefined) return undefined
  if (/(?:^|-)q35(?:-|$)/.test(machine)) return 'q35'
  return /^pc(?:$|-)/.test(machine) ? 'i440fx' : machine.replace(/-(?:rhel)?\d.*$/, '')
}

/** Names without a version, where a host does not tell its aliases. */
const UNVERSIONED = new Set(['pc', 'q35', 'virt', 'pseries', 's390-ccw-virtio', 'microvm'])

/**
 * Whether a declared machine is the actual one. An alias is every version of its family: a host that learns a newer one does
 * not make another machine of a domain that was defined before.
 */
export function sameMachine(declared: string, actual: string, machines: MachineAliases = new Map()): boolean {
  if (declared === actual) return true
  if (!machines.has(declared) && !UNVERSIONED.has(declared)) return false
  return machineFamily(machines.get(declared) ?? declared) === machineFamily(actual)
}
