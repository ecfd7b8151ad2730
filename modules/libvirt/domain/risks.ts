import type { Difference } from '../../../core/libvirt/xml/diff.ts'
import type { Element } from '../../../core/libvirt/xml/element.ts'
import { machineFamily } from '../../../core/libvirt/xml/machine.ts'

/** What needs a decision of somebody's, whether the guest runs or not. */
export const RISKS = ['machine', 'firmware', 'tpm'] as const
export type Risk = (typeof RISKS)[number]

/** Why each of them is not done unasked. */
export const WHY: Readonly<Record<Risk, string>> = {
  machine: 'other buses: an installed guest may not find its disks and interfaces',
  firmware: 'a guest installed under one firmware does not boot under the other',
  tpm: 'what the guest sealed in it (disk keys) is lost',
}

/** The decision that a difference of the definition needs; undefined: none. */
export function riskOf({ path, before, after }: Difference): Risk | undefined {
  if (path === 'os.type.arch') return 'machine'
  if (path === 'os.type.machine') return machineFamily(before) === machineFamily(after) ? undefined : 'machine'
  // Each version, and each kind of TPM, has a state of its own.
  if (before !== undefined && /^devices\.tpm\b.*\.backend\.(?:version|type)$/.test(path)) return 'tpm'
  return /^os\.(?:firmware|loader)\b/.test(path) ? 'firmware' : undefined
}

const PLACES: Readonly<Record<Risk, readonly string[]>> = {
  machine: ['domain/os/type@machine', 'domain/os/type@arch', 'domain/devices/controller'],
  firmware: ['domain/os@firmware', 'domain/os/loader', 'domain/os/nvram', 'domain/os/firmware', 'domain/features/smm'],
  tpm: ['domain/devices/tpm/backend'],
}

/** The declaration without what needs a decision that was not made. */
export function withhold(declared: Element, risks: ReadonlySet<Risk>): Element {
  const places = new Set([...risks].flatMap((risk) => PLACES[risk]))
  const strip = (e: Element, path: string): Element => ({
    ...e,
    attributes: Object.fromEntries(Object.entries(e.attributes).filter(([name]) => !places.has(`${path}@${name}`))),
    children: e.children.filter((c) => !places.has(`${path}/${c.name}`)).map((c) => strip(c, `${path}/${c.name}`)),
  })
  return places.size === 0 ? declared : strip(declared, declared.name)
}
