import { type ShellText, sh } from '../../../core/connection/quote.ts'

/** One daemon for all drivers, or one for each. */
export type DaemonKind = 'libvirtd' | 'modular'

/** A unit as systemd knows it. */
export interface Unit {
  readonly name: string
  readonly active: boolean
  readonly enabled: boolean
}

const MONOLITHIC = ['libvirtd.socket', 'libvirtd.service']
const MODULAR = ['qemu', 'network', 'storage', 'nodedev', 'nwfilter', 'secret', 'interface'].map(
  (n) => `virt${n}d.socket`,
)

/** Prints `name active enabled` of every unit of libvirt's that is installed. Starts nothing. */
export function unitsScript(): ShellText {
  return sh`for u in ${[...MONOLITHIC, ...MODULAR]}; do
e=$(systemctl is-enabled "$u" 2>/dev/null); case $e in ''|not-found) continue;; esac
echo "$u $(systemctl is-active "$u" 2>/dev/null) $e"; done; true`
}

/** Reads the answer of unitsScript. */
export function parseUnits(output: string): Unit[] {
  return output.split('\n').flatMap((line) => {
    const [name, active, enabled] = line.trim().split(/\s+/)
    if (!name || !active || !enabled) return []
    return [{ name, active: active === 'active', enabled: /^(enabled|static|indirect|alias)/.test(enabled) }]
  })
}

/** Which kind this host runs: the one that is on, else the one that is there; modular where both are and none is on. */
export function kindOf(units: readonly Unit[]): DaemonKind | undefined {
  const monolithic = units.filter((u) => u.name.startsWith('libvirtd.'))
  const modular = units.filter((u) => u.name.startsWith('virt'))
  for (const on of [(u: Unit) => u.active, (u: Unit) => u.enabled]) {
    if (monolithic.some(on) !== modular.some(on)) return monolithic.some(on) ? 'libvirtd' : 'modular'
  }
  if (modular.some((u) => u.name === 'virtqemud.socket')) return 'modular'
  return monolithic.length > 0 ? 'libvirtd' : undefined
}

/** Whether the host has that kind at all. Debian, up to 13, has libvirtd alone. */
export function hasKind(kind: DaemonKind, units: readonly Unit[]): boolean {
  return units.some((u) => u.name.startsWith('libvirtd.') === (kind === 'libvirtd'))
}

/**
 * Units of that kind that must be on. libvirtd.service ends when idle if its socket can wake it, so there an active socket
 * is enough.
 */
export function unitsToTurnOn(kind: DaemonKind, units: readonly Unit[]): Unit[] {
  if (kind === 'modular') return units.filter((u) => u.name.startsWith('virt') && !(u.active && u.enabled))
  const monolithic = units.filter((u) => u.name.startsWith('libvirtd.'))
  const answers = monolithic.some((u) => u.active)
  return monolithic.filter((u) => (u.name.endsWith('.service') ? !u.enabled || !answers : !u.enabled || !answers))
}

/** The units that would have to be stopped to run that kind. */
export function unitsInTheWay(kind: DaemonKind, units: readonly Unit[]): Unit[] {
  return units.filter((u) => u.name.startsWith('libvirtd.') === (kind === 'modular') && (u.active || u.enabled))
}
