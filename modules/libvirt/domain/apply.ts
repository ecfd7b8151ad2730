import { LibvirtError } from '../../../core/libvirt/types.ts'
import { type Element, formatXml } from '../../../core/libvirt/xml/element.ts'
import { inOrder } from '../../../core/libvirt/xml/order.ts'
import type { Change, Host } from '../../../core/module/types.ts'
import { requireAnswer } from '../daemon/ask.ts'
import { attempt, refused } from '../daemon/failure.ts'
import type { DomainArgs } from './args.ts'
import { carryOut } from './carry-out.ts'
import type { Declaration } from './declaration.ts'
import { newDefinition } from './diff.ts'
import { growDisks } from './growth.ts'
import { movedTo, moveFiles } from './moves.ts'
import { planOf } from './plan.ts'
import { RESTARTS } from './plan-changes.ts'
import { destroyGuest, stopGuest } from './power.ts'
import type { DomainState, FoundDomain, HostDomains } from './probe.ts'
import { refusalOf } from './refusal.ts'
import { removeDomain } from './remove.ts'
import { renameDomain } from './rename.ts'
import { stateFlags } from './undefine.ts'
import { hasVariables } from './variables.ts'

/** Makes the domain what the task says. */
export async function applyDomain(
  host: Host,
  args: DomainArgs,
  state: DomainState,
  changes: readonly Change[],
): Promise<undefined> {
  const domains = requireAnswer(state.answer)
  const { declaration } = state
  const { found } = domains
  if (args.state === 'absent') {
    if (found) await removeDomain(host, args, domains, found)
    return undefined
  }
  if (!found) {
    if (declaration) await create(host, args, declaration)
    return undefined
  }
  const paths = new Set(changes.filter((c) => c.effect !== 'pending').map((c) => c.path))
  const restarts = changes.some((c) => c.note === RESTARTS)
  const rename = paths.has('name')
  // A new name, of it or of an image, needs the guest off; all else is better said while it is.
  const moves = movedTo(domains).size > 0
  if ((rename || moves) && found.live) await stopGuest(host, found.summary, args)
  const moveBack = await moveFiles(host, domains)
  try {
    const renamed = rename ? await renameDomain(host, found, args) : found
    if (declaration) await update(host, args, domains, renamed, declaration, rename || moves)
  } catch (error) {
    await moveBack()
    throw error
  }
  await growDisks(host, found.summary.uuid, args)
  if (paths.has('state')) await power(host, args, found)
  else if (restarts && found.live) await restart(host, args, found)
  if (paths.has('autostart')) await setAutostart(host, args)
  return undefined
}

/** Defined, its disks grown, then started; a domain that does not start is not left behind. */
async function create(host: Host, args: DomainArgs, declaration: Declaration): Promise<void> {
  const definition = newDefinition(declaration, args)
  // Variables that a machine of this name had left are not ours to take back.
  const kept = await hasVariables(host, definition, args.name)
  await define(host, definition, declaration)
  try {
    await growDisks(host, args.name, args)
    if (args.state === 'running' || args.state === 'paused') await start(host, args)
    if (args.autostart === true) await setAutostart(host, args)
  } catch (error) {
    await takeBack(host, args, stateFlags(definition, kept))
    throw error
  }
}

async function takeBack(host: Host, args: DomainArgs, flags: readonly string[]): Promise<void> {
  const state = await host.libvirt.domainState(args.name)
  if (state !== undefined && state.state !== 'shut off') await host.libvirt.destroyDomain(args.name)
  await host.libvirt.undefineDomain(args.name, flags)
}

async function define(host: Host, element: Element, declaration: Declaration): Promise<void> {
  try {
    await host.libvirt.defineDomain(formatXml(inOrder(element)))
  } catch (error) {
    if (error instanceof LibvirtError) throw refusalOf(error, declaration)
    throw error
  }
}

async function start(host: Host, args: DomainArgs): Promise<void> {
  try {
    await host.libvirt.startDomain(args.name, args.state === 'paused' ? { paused: true } : {})
  } catch (error) {
    if (error instanceof LibvirtError) throw refused(`domain '${args.name}' does not start`, error)
    throw error
  }
}

/** Makes definition and running guest what is declared. */
async function update(
  host: Host,
  args: DomainArgs,
  domains: HostDomains,
  found: FoundDomain,
  declaration: Declaration,
  off: boolean,
): Promise<void> {
  const plan = planOf(domains, found, declaration, args)
  if (!plan) return
  await carryOut(host, plan, {
    uuid: found.summary.uuid,
    config: found.config,
    define: (definition) => define(host, off ? named(definition, args.name) : definition, declaration),
    again: (live) => planOf(domains, { ...found, live }, declaration, args),
    off,
  })
}

function named(domain: Element, name: string): Element {
  return { ...domain, children: domain.children.map((c) => (c.name === 'name' ? { ...c, text: name } : c)) }
}

async function power(host: Host, args: DomainArgs, found: FoundDomain): Promise<void> {
  const { uuid, state } = found.summary
  if (args.state === 'stopped') await stopGuest(host, found.summary, args)
  else if (args.state === 'paused' && state !== 'shut off' && state !== 'crashed')
    await attempt('suspend', () => host.libvirt.suspendDomain(uuid))
  else if (state === 'paused') await attempt('resume', () => host.libvirt.resumeDomain(uuid))
  else if (state === 'pmsuspended') await attempt('wake', () => host.libvirt.wakeDomain(uuid))
  else {
    if (state === 'crashed') await destroyGuest(host, found.summary)
    await start(host, args)
  }
}

/** Off and on again, as it was: a paused guest starts paused. */
async function restart(host: Host, args: DomainArgs, found: FoundDomain): Promise<void> {
  await stopGuest(host, found.summary, args)
  const paused = found.summary.state === 'paused'
  await start(host, paused ? { ...args, state: 'paused' } : args)
}

async function setAutostart(host: Host, args: DomainArgs): Promise<void> {
  await attempt('set autostart', () => host.libvirt.setAutostart('domain', args.name, args.autostart === true))
}
