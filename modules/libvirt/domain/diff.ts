import type { Difference } from '../../../core/libvirt/xml/diff.ts'
import { readDomain } from '../../../core/libvirt/xml/domain.ts'
import { child, type Element, formatXml } from '../../../core/libvirt/xml/element.ts'
import { type Change, ModuleFailure } from '../../../core/module/types.ts'
import { undecided } from '../daemon/ask.ts'
import { without } from './absences.ts'
import type { DomainArgs } from './args.ts'
import { refuseCollisions } from './collisions.ts'
import type { Declaration } from './declaration.ts'
import { keyOf } from './devices.ts'
import { withFreshDevices } from './fresh.ts'
import { growthChanges } from './growth.ts'
import { moveChanges, movedTo } from './moves.ts'
import { hidden, withoutPasswords } from './passwords.ts'
import { planOf } from './plan.ts'
import { planChanges } from './plan-changes.ts'
import { powerChanges } from './power-changes.ts'
import type { DomainState, FoundDomain, HostDomains } from './probe.ts'
import { renameChanges } from './rename.ts'
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
  return hidden([
    ...renameChanges(found, host.others, args),
    ...moveChanges(host, found, args),
    ...(declaration ? definitionChanges(host, found, declaration, args) : []),
    ...growthChanges(host, args),
    ...powerChanges(found, args),
    ...autostartChange(found, args),
  ])
}

function removal(host: HostDomains, found: FoundDomain, args: DomainArgs): Change[] {
  const changes: Change[] = [{ path: 'state', before: found.summary.state, after: 'absent', effect: 'now' }]
  if (!args.delete_storage) return changes
  const files = storageToDelete(host, found).map((path) => ({
    path: `storage.${path}`,
    before: 'present',
    after: 'absent',
    effect: 'now' as const,
  }))
  return [...changes, ...files]
}

/** A disk that is not there: the domain would be defined and never start. */
function refuseMissing(host: HostDomains, declaration: Declaration, found: FoundDomain | undefined): void {
  if (host.missing.length === 0 || host.check) return
  const known = new Set(
    found ? readDomain(found.live ?? found.config ?? declaration.element).disks.map((d) => d.source) : [],
  )
  const coming = movedTo(host)
  const fresh = host.missing.filter((f) => !coming.has(f)).filter((f) => !known.has(f) || found?.live === undefined)
  if (fresh.length > 0)
    throw new ModuleFailure(`the host does not have ${fresh.join(', ')}`, {
      hint: `${declaration.origin} names it as a disk or boot file: make it first`,
    })
}

function creation(host: HostDomains | undefined, declaration: Declaration | undefined, args: DomainArgs): Change[] {
  if (!declaration?.whole)
    throw new ModuleFailure(`there is no domain '${args.name}', and the task does not say what it is`, {
      hint: 'give memory and disks, template, or xml',
    })
  const definition = newDefinition(declaration, args)
  for (const device of child(definition, 'devices')?.children ?? [])
    if (isReference(device)) throw unknownInOrder(args, keyOf(device))
  if (host) refuseCollisions(readDomain(definition), host.others)
  const after = args.state === 'present' || args.state === 'stopped' ? 'shut off' : args.state
  const missing = host && host.missing.length > 0 ? { note: `not there yet: ${host.missing.join(', ')}` } : {}
  const text = { header: `domain ${args.name}`, before: '', after: withoutPasswords(formatXml(definition)) }
  return [{ path: 'state', before: 'absent', after, effect: 'now', text, ...missing }]
}

/** What a domain that is not there yet is defined as. */
export function newDefinition({ element, absent }: Declaration, args: DomainArgs): Element {
  const whole = withFreshDevices(element, args, undefined)
  return without(
    whole,
    absent.flatMap((absence) => absence(whole)),
  )
}

/** Differences of the definition, and of what runs: done at once, by a restart, left to the next boot, or to somebody. */
function definitionChanges(
  host: HostDomains,
  found: FoundDomain,
  declaration: Declaration,
  args: DomainArgs,
): Change[] {
  const plan = planOf(host, found, declaration, args)
  if (!plan) return []
  refuseCollisions(readDomain(declaration.element), host.others)
  refuseIdentity(plan.differences, args)
  return planChanges(plan, args.restart === 'if_needed')
}

function refuseIdentity(differences: readonly Difference[], args: DomainArgs): void {
  const uuid = differences.find((d) => d.path === 'uuid')
  if (uuid)
    throw new ModuleFailure(
      `domain '${args.name}' has the UUID ${uuid.before}, the task declares ${uuid.after}: it is another machine`,
    )
  const lost = differences.find((d) => d.actual === undefined && isReference(d.declared))
  if (lost) throw unknownInOrder(args, keyOf(lost.declared))
}

const unknownInOrder = (args: DomainArgs, device = ''): ModuleFailure =>
  new ModuleFailure(`boot names ${device}, which domain '${args.name}' does not have`)

/** A device that is only named for its place in the boot order. */
const isReference = ({ children }: Element): boolean =>
  children.length === 2 &&
  children.some((c) => c.name === 'boot') &&
  children.some((c) => c.name === 'target' || c.name === 'mac')

function autostartChange({ summary }: FoundDomain, args: DomainArgs): Change[] {
  if (args.autostart === undefined || args.autostart === summary.autostart) return []
  return [{ path: 'autostart', before: summary.autostart, after: args.autostart, effect: 'now' }]
}
