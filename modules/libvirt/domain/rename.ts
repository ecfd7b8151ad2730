import { sh } from '../../../core/connection/quote.ts'
import { child } from '../../../core/libvirt/xml/element.ts'
import { type Change, type Host, ModuleFailure } from '../../../core/module/types.ts'
import { attempt } from '../daemon/failure.ts'
import type { KnownDomain } from '../storage/users.ts'
import type { DomainArgs } from './args.ts'
import type { FoundDomain } from './probe.ts'

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

/** Where libvirt of the system keeps firmware variables that it was not told a place for, by the domain's name. */
const NVRAM = '/var/lib/libvirt/qemu/nvram'

/** Gives a domain that is off its new name; its firmware variables go with it. */
export async function renameDomain(host: Host, { summary, config }: FoundDomain, args: DomainArgs): Promise<void> {
  await attempt(`rename '${summary.name}'`, () => host.libvirt.renameDomain(summary.uuid, args.name))
  const os = child(config, 'os')
  if (os?.attributes.firmware !== 'efi' || child(os, 'nvram') !== undefined) return
  const file = (name: string, kind: string): string => `${NVRAM}/${name}_VARS.${kind}`
  for (const kind of ['fd', 'qcow2']) {
    const [from, to] = [file(summary.name, kind), file(args.name, kind)]
    const moved = await host.run(sh`[ ! -e ${from} ] || [ -e ${to} ] || mv -n -- ${from} ${to}`)
    if (moved.status !== 0)
      throw new ModuleFailure(`firmware variables stayed in ${from}: ${moved.stderr.toString().trim()}`)
  }
}
