import { sh } from '../../../core/connection/quote.ts'
import { LibvirtError } from '../../../core/libvirt/types.ts'
import { diffXml } from '../../../core/libvirt/xml/diff.ts'
import { child, type Element, formatXml } from '../../../core/libvirt/xml/element.ts'
import { mergeXml } from '../../../core/libvirt/xml/merge.ts'
import { type Change, type Host, ModuleFailure } from '../../../core/module/types.ts'
import { requireAnswer } from '../daemon/ask.ts'
import { attempt, refused } from '../daemon/failure.ts'
import type { DomainArgs } from './args.ts'
import type { Declaration } from './declaration.ts'
import { liveDifferences } from './diff.ts'
import { findDevice, liveStep } from './hotplug.ts'
import { destroyGuest, stateNow, stopGuest } from './power.ts'
import type { DomainState, FoundDomain, HostDomains } from './probe.ts'
import { refusalOf } from './refusal.ts'
import { storageToDelete } from './storage.ts'
import { undefineFlags } from './undefine.ts'

/** Makes the domain what the task says. */
export async function applyDomain(
  host: Host,
  args: DomainArgs,
  state: DomainState,
  changes: readonly Change[],
): Promise<undefined> {
  const domains = requireAnswer(state.answer)
  const { found } = domains
  const { declaration } = state
  if (args.state === 'absent') {
    if (found) await remove(host, args, domains, found)
    return undefined
  }
  if (!found) {
    if (declaration) await create(host, args, declaration)
    return undefined
  }
  if (declaration) await update(host, args, domains, found, declaration)
  if (changes.some((c) => c.path === 'state')) await power(host, args, found)
  else if (args.restart === 'if_needed' && changes.some((c) => c.note === 'restarts the guest'))
    await restart(host, args, found)
  if (changes.some((c) => c.path === 'autostart')) await setAutostart(host, args)
  return undefined
}

async function remove(host: Host, args: DomainArgs, domains: HostDomains, found: FoundDomain): Promise<void> {
  const files = args.delete_storage ? storageToDelete(domains, found) : []
  const { summary } = found
  if (summary.state !== 'shut off') await stopGuest(host, summary, args)
  if ((await stateNow(host, summary.uuid)) !== undefined) {
    const flags = undefineFlags(found, args.keep_nvram)
    await attempt(`undefine domain '${args.name}'`, () => host.libvirt.undefineDomain(summary.name, flags))
  }
  if (files.length === 0) return
  const answer = await host.run(sh`rm -f -- ${files}`)
  if (answer.status !== 0) throw new ModuleFailure(`images were not deleted: ${answer.stderr.toString().trim()}`)
}

/** Defined, then started; a domain that does not start is not left behind. */
async function create(host: Host, args: DomainArgs, declaration: Declaration): Promise<void> {
  await define(host, declaration.element, declaration)
  try {
    if (args.state === 'running' || args.state === 'paused') await start(host, args)
    if (args.autostart === true) await setAutostart(host, args)
  } catch (error) {
    await host.libvirt.undefineDomain(args.name, child(declaration.element, 'os', 'nvram') ? ['--nvram'] : [])
    throw error
  }
}

async function define(host: Host, element: Element, declaration: Declaration): Promise<void> {
  try {
    await host.libvirt.defineDomain(formatXml(element))
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

async function update(
  host: Host,
  args: DomainArgs,
  domains: HostDomains,
  found: FoundDomain,
  declaration: Declaration,
): Promise<void> {
  const base = found.config ?? found.live
  if (!base) return
  const differs = diffXml(declaration.element, base, domains.machines).length > 0
  const removed = declaration.removals.filter((r) => findDevice(base, r.kind, r.key))
  if (differs || removed.length > 0) {
    const merged = mergeXml(declaration.element, base, domains.machines)
    await define(host, without(merged, removed), declaration)
  }
  if (found.live && args.state !== 'stopped') await changeLive(host, found, found.live, domains, declaration)
}

async function changeLive(
  host: Host,
  found: FoundDomain,
  running: Element,
  domains: HostDomains,
  declaration: Declaration,
): Promise<void> {
  const on = `--domain=${found.summary.uuid}`
  const steps = new Map<string, NonNullable<ReturnType<typeof liveStep>>>()
  for (const difference of liveDifferences(domains, running, declaration).hot) {
    const step = liveStep(difference, declaration.element)
    if (step) steps.set(step.label, step)
  }
  for (const { verb, label, xml } of steps.values()) {
    await attempt(`${verb} ${label}`, () => host.libvirt.command([verb, '--live', on, '--file'], { xml }))
  }
  for (const { kind, key } of declaration.removals) {
    const device = findDevice(running, kind, key)
    if (!device) continue
    await attempt(`detach ${kind} ${key}`, () =>
      host.libvirt.command(['detach-device', '--live', on, '--file'], { xml: formatXml(device) }),
    )
  }
}

function without(domain: Element, removals: Declaration['removals']): Element {
  const gone = new Set(removals.map((r) => findDevice(domain, r.kind, r.key)))
  const children = domain.children.map((c) =>
    c.name === 'devices' ? { ...c, children: c.children.filter((d) => !gone.has(d)) } : c,
  )
  return { ...domain, children }
}

async function power(host: Host, args: DomainArgs, found: FoundDomain): Promise<void> {
  const { uuid, state } = found.summary
  if (args.state === 'stopped') await stopGuest(host, found.summary, args)
  else if (args.state === 'paused' && state !== 'shut off')
    await attempt('suspend', () => host.libvirt.command(['suspend', `--domain=${uuid}`]))
  else if (state === 'paused') await attempt('resume', () => host.libvirt.command(['resume', `--domain=${uuid}`]))
  else if (state === 'pmsuspended')
    await attempt('wake', () => host.libvirt.command(['dompmwakeup', `--domain=${uuid}`]))
  else {
    if (state === 'crashed') await destroyGuest(host, found.summary)
    await start(host, args)
  }
}

async function restart(host: Host, args: DomainArgs, found: FoundDomain): Promise<void> {
  await stopGuest(host, found.summary, args)
  await start(host, args)
}

async function setAutostart(host: Host, args: DomainArgs): Promise<void> {
  await attempt('set autostart', () => host.libvirt.setAutostart('domain', args.name, args.autostart === true))
}
