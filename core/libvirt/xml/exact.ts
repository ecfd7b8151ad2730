import { canonical, declaredOnly } from './canonical.ts'
import { covers } from './diff.ts'
import { child, childrenOf, type Element } from './element.ts'
import { pairChildren } from './matching.ts'

/** Lists of devices that can be declared complete, and the element of each. */
export const EXACT_KINDS = {
  disks: 'disk',
  interfaces: 'interface',
  filesystems: 'filesystem',
  hostdevs: 'hostdev',
  channels: 'channel',
  serials: 'serial',
  consoles: 'console',
  parallels: 'parallel',
  graphics: 'graphics',
  videos: 'video',
  sounds: 'sound',
  inputs: 'input',
  redirdevs: 'redirdev',
  rngs: 'rng',
  watchdogs: 'watchdog',
  tpms: 'tpm',
  shmems: 'shmem',
  smartcards: 'smartcard',
  memories: 'memory',
} as const
export type ExactKind = keyof typeof EXACT_KINDS

/** A device that is there and was not declared. */
export interface Surplus {
  /** `devices.disk[vdb]`. */
  readonly path: string
  /** As it is in the domain that was given. */
  readonly device: Element
}

/** The devices of these kinds that the declaration does not have; what libvirt makes by itself does not count. */
export function surplus(declared: Element, domain: Element, kinds: readonly ExactKind[]): Surplus[] {
  const empty: Element = { name: 'devices', attributes: {}, children: [], text: '', line: 0 }
  const meant = child(canonical(declaredOnly(declared), { comparing: true }), 'devices') ?? empty
  const devices = child(domain, 'devices') ?? empty
  const there = child(canonical(domain, { comparing: true }), 'devices') ?? empty
  const wanted = pairChildren(meant, there, (d, a) => covers(d, a, 'devices'))
  const taken = new Set(wanted.map((pair) => pair.actual))
  return kinds.flatMap((kind) => {
    const name = EXACT_KINDS[kind]
    return devices.children.flatMap((device, i) => {
      const same = there.children[i]
      if (device.name !== name || !same || taken.has(same) || madeByLibvirt(device, devices, meant)) return []
      return [{ path: `devices.${labelOf(device)}`, device }]
    })
  })
}

/** What comes back by itself: PS/2 input, the console on a serial port and the port of a console, the one video card of a screen, q35's watchdog. */
function madeByLibvirt(device: Element, devices: Element, declared: Element): boolean {
  const onSerial = (console: Element): boolean => (child(console, 'target')?.attributes.type ?? 'serial') === 'serial'
  if (device.name === 'serial') return !child(declared, 'serial') && childrenOf(declared, 'console').some(onSerial)
  if (device.name === 'input') return device.attributes.bus === 'ps2'
  if (device.name === 'watchdog') return device.attributes.model === 'itco'
  if (device.name === 'video')
    return (
      childrenOf(devices, 'graphics').length > 0 &&
      childrenOf(devices, 'video')[0] === device &&
      !child(declared, 'video')
    )
  if (device.name === 'console') return onSerial(device) && child(devices, 'serial') !== undefined
  return false
}

/** The device's own name in a path: it is paired with itself. */
function labelOf(device: Element): string {
  const alone: Element = { name: 'devices', attributes: {}, children: [device], text: '', line: 0 }
  return pairChildren(alone, alone, () => true)[0]?.label ?? device.name
}
