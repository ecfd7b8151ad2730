import { ConnectionError } from '../../../core/connection/errors.ts'
import { LibvirtLost } from '../../../core/libvirt/errors.ts'
import { type Element, formatXml } from '../../../core/libvirt/xml/element.ts'
import { type Change, type Host, ModuleFailure } from '../../../core/module/types.ts'
import { attempt } from '../daemon/failure.ts'
import type { KnownDomain } from '../storage/users.ts'
import type { DomainArgs } from './args.ts'
import type { FoundDomain } from './probe.ts'
import { moveVariables } from './variables.ts'

/** A domain that still has its old name. libvirt renames only what is off and has no snapshots. */
export function renameChanges(
  { summary, snapshots }: FoundDomain,
  others: readonly KnownDomain[],
  args: DomainArgs,
): Change[] {
  if (args.rename_from !== undefined && others.some((o) => o.model.name === args.rename_from))
    throw new ModuleFailure(`there are both '${args.rename_from}' and '${args.name}': neither is renamed`)
  if (summary.name === args.name) return []
  if (snapshots > 0)
    throw new ModuleFailure(`domain '${summary.name}' has snapshots: libvirt does not rename it`, {
      hint: 'delete them first (libvirt_snapshot)',
    })
  const change = { path: 'name', before: summary.name, after: args.name }
  const off = summary.state === 'shut off' || summary.state === 'crashed' || args.state === 'stopped'
  if (off) return [{ ...change, effect: 'now' }]
  return args.restart === 'if_needed'
    ? [{ ...change, effect: 'now', note: 'restarts the guest' }]
    : [{ ...change, effect: 'pending', note: 'when the guest is off' }]
}

/** Gives a domain that is off its new name, its firmware variables first: a run that was cut in between begins here again. */
export async function renameDomain(host: Host, found: FoundDomain, args: DomainArgs): Promise<FoundDomain> {
  const { summary, config: before } = found
  const { config, back } = await moveVariables(host, before, summary.name, args.name)
  try {
    if (config !== undefined && config !== before) await redefine(host, summary.name, config)
    await attempt(`rename '${summary.name}'`, () => host.libvirt.renameDomain(summary.uuid, args.name))
  } catch (error) {
    // Where the daemon went away it may have the new name, and then the variables are right where they are.
    if (isUnsure(error) && !(await hasName(host, summary.name))) throw error
    await back()
    if (before !== undefined && config !== before) await redefine(host, summary.name, before).catch(() => undefined)
    throw error
  }
  return { ...found, config }
}

const isUnsure = (error: unknown): boolean =>
  error instanceof ConnectionError || (error instanceof Error && error.cause instanceof LibvirtLost)

const hasName = async (host: Host, name: string): Promise<boolean> => {
  try {
    return (await host.libvirt.domainState(name)) !== undefined
  } catch {
    return false
  }
}

const redefine = (host: Host, name: string, config: Element): Promise<void> =>
  attempt(`define '${name}' with its firmware variables`, () => host.libvirt.defineDomain(formatXml(config)))
