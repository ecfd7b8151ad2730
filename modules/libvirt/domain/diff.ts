import { type Difference, diffXml } from '../../../core/libvirt/xml/diff.ts'
import { readDomain } from '../../../core/libvirt/xml/domain.ts'
import { type Element, formatXml } from '../../../core/libvirt/xml/element.ts'
import { type Change, ModuleFailure } from '../../../core/module/types.ts'
import { undecided } from '../daemon/ask.ts'
import { asChanges } from '../daemon/changes.ts'
import type { DomainArgs } from './args.ts'
import { refuseCollisions } from './collisions.ts'
import type { Declaration } from './declaration.ts'
import { findDevice, liveStep } from './hotplug.ts'
import type { DomainState, FoundDomain, HostDomains } from './probe.ts'
import { storageToDelete } from './storage.ts'

/** What has to change. Raises ModuleFailure for what cannot be. */
export function diffDomain(state: DomainState, args: DomainArgs): Change[] {
  const { declaration, answer } = state
  if (answer.kind === 'silent') return undecided('state', answer)
  const host = answer.kind === 'answer' ? answer.value : undefined
  const found = host?.found
  if (args.state === 'absent') return host && found ? removal(host, found, args) : []
  if (host && declaration) refuseMissing(host, declaration, found)
  if (!found) return creation(host, declaration, args)
  const changes = declaration && host ? definitionChanges(host, found, declaration, args) : []
  return [...changes, ...powerChanges(found, args), ...autostartChange(found, args)]
}

function removal(host: HostDomains, found: FoundDomain, args: DomainArgs): Change[] {
  const changes: Change[] = [{ path: 'state', before: found.summary.state, after: 'absent', effect: 'now' }]
  if (!args.delete_storage) return changes
  return [
    ...changes,
    ...storageToDelete(host, found).map((path) => ({
      path: `storage.${path}`,
      before: 'present',
      after: 'absent',
      effect: 'now' as const,
    })),
  ]
}

/** A disk that is not there: the domain would be defined and never start. */
function refuseMissing(host: HostDomains, declaration: Declaration, found: FoundDomain | undefined): void {
  if (host.missing.length === 0 || host.check) return
  const known = new Set(
    found ? readDomain(found.live ?? found.config ?? declaration.element).disks.map((d) => d.source) : [],
  )
  const fresh = host.missing.filter((f) => !known.has(f) || found?.live === undefined)
  if (fresh.length > 0)
    throw new ModuleFailure(`the host does not have ${fresh.join(', ')}`, {
      hint: `${declaration.origin} names it as a disk or boot file: make it first`,
    })
}

function creation(host: HostDomains | undefined, declaration: Declaration | undefined, args: DomainArgs): Change[] {
  if (!declaration?.whole)
    throw new ModuleFailure(`there is no domain '${args.name}', and the task does not say what it is`, {
      hint: 'give template, or xml',
    })
  if (host) refuseCollisions(readDomain(declaration.element), host.others)
  const after = args.state === 'present' || args.state === 'stopped' ? 'shut off' : args.state
  const missing = host && host.missing.length > 0 ? `not there yet: ${host.missing.join(', ')}` : undefined
  const text = { header: `domain ${args.name}`, before: '', after: formatXml(declaration.element) }
  return [
    {
      path: 'state',
      before: 'absent',
      after,
      effect: 'now',
      text,
      ...(missing === undefined ? {} : { note: missing }),
    },
  ]
}

/** Differences of the definition, and of what runs: done at once, by a restart, or left to the next boot. */
function definitionChanges(
  host: HostDomains,
  found: FoundDomain,
  declaration: Declaration,
  args: DomainArgs,
): Change[] {
  const base = found.config ?? found.live
  if (!base) return []
  refuseCollisions(readDomain(declaration.element), host.others)
  const differences = diffXml(declaration.element, base, host.machines)
  const identity = differences.find((d) => d.path === 'uuid' || d.path === 'type')
  if (identity?.path === 'uuid')
    throw new ModuleFailure(
      `domain '${args.name}' has the UUID ${identity.before}, the task declares ${identity.after}: it is another machine`,
    )
  const removed = declaration.removals.filter((r) => findDevice(base, r.kind, r.key))
  return [
    ...asChanges(differences, 'now'),
    ...removed.map((r) => ({
      path: `devices.${r.kind}[${r.key}]`,
      before: 'present',
      after: 'absent',
      effect: 'now' as const,
    })),
    ...liveChanges(host, found, declaration, args),
  ]
}

function liveChanges(host: HostDomains, found: FoundDomain, declaration: Declaration, args: DomainArgs): Change[] {
  if (!found.live || args.state === 'stopped') return []
  const { hot, cold } = liveDifferences(host, found.live, declaration)
  const gone = declaration.removals.filter((r) => findDevice(found.live, r.kind, r.key))
  const restarts = args.restart === 'if_needed' && cold.length > 0
  return [
    ...live(asChanges(hot, 'now')),
    ...gone.map((r) => ({
      path: `live.devices.${r.kind}[${r.key}]`,
      before: 'present',
      after: 'absent',
      effect: 'pending' as const,
      note: 'until the guest lets go of it',
    })),
    ...live(
      asChanges(cold, restarts ? 'now' : 'pending', restarts ? 'restarts the guest' : 'at the next boot of the guest'),
    ),
  ]
}

const live = (changes: readonly Change[]): Change[] => changes.map((c) => ({ ...c, path: `live.${c.path}` }))

/** What of the running guest differs: hot can be changed at once. What libvirt fills in at start does not count. */
export function liveDifferences(
  host: HostDomains,
  running: Element,
  declaration: Declaration,
): { hot: Difference[]; cold: Difference[] } {
  const differences = diffXml(declaration.element, running, host.machines).filter((d) => !filledInAtStart(d))
  const hot = differences.filter((d) => liveStep(d, declaration.element) !== undefined)
  return { hot, cold: differences.filter((d) => !hot.includes(d)) }
}

/** What libvirt fills in when a guest starts: it is no difference. */
export function filledInAtStart({ path, after }: Difference): boolean {
  // A model expanded from host-model, ports chosen by autoport, terminals.
  if (path === 'cpu.mode' && (after === 'host-model' || after === 'maximum')) return true
  return (
    /^cpu\.(?:check|fallback|migratable)$/.test(path) ||
    /^devices\.graphics\[[^\]]*\]\.(?:port|tlsPort|websocket)$/.test(path) ||
    path === 'currentMemory'
  )
}

function powerChanges({ summary }: FoundDomain, args: DomainArgs): Change[] {
  const { state, reason } = summary
  const on = state === 'running' || state === 'blocked'
  const change = (after: string): Change[] => [{ path: 'state', before: state, after, effect: 'now' }]
  if (args.state === 'stopped') return state === 'shut off' || state === 'crashed' ? [] : change('shut off')
  if (args.state === 'paused') return state === 'paused' ? [] : change('paused')
  if (args.state !== 'running' || on) return []
  if (state === 'paused' && reason !== 'user' && reason !== 'unknown')
    throw new ModuleFailure(`domain '${args.name}' is paused by '${reason}': to resume it would hide why`, {
      hint: reason === 'ioerror' ? 'its storage failed or is full: mend that, then virsh resume' : 'look at it first',
    })
  if (state === 'shutdown')
    throw new ModuleFailure(`domain '${args.name}' is shutting down`, { hint: 'run again when it is off' })
  return change('running')
}

function autostartChange({ summary }: FoundDomain, args: DomainArgs): Change[] {
  if (args.autostart === undefined || args.autostart === summary.autostart) return []
  return [{ path: 'autostart', before: summary.autostart, after: args.autostart, effect: 'now' }]
}
