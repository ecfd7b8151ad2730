import { sh } from '../../../core/connection/quote.ts'
import { type Host, ModuleFailure } from '../../../core/module/types.ts'
import { attempt } from '../daemon/failure.ts'
import type { DomainArgs } from './args.ts'
import { stateNow, stopGuest } from './power.ts'
import type { FoundDomain, HostDomains } from './probe.ts'
import { storageToDelete } from './storage.ts'
import { undefineFlags } from './undefine.ts'

/** Stops and undefines a domain, then deletes the images that go with it. */
export async function removeDomain(
  host: Host,
  args: DomainArgs,
  domains: HostDomains,
  found: FoundDomain,
): Promise<void> {
  const { summary } = found
  if (summary.state !== 'shut off') await stopGuest(host, summary, args)
  // A transient one is gone when it is off.
  if ((await stateNow(host, summary.uuid)) !== undefined) {
    const flags = undefineFlags(found, args.keep_nvram)
    await attempt(`undefine domain '${summary.name}'`, () => host.libvirt.undefineDomain(summary.uuid, flags))
  }
  const files = args.delete_storage ? storageToDelete(domains, found) : []
  if (files.length === 0) return
  const answer = await host.run(sh`rm -f -- ${files}`)
  if (answer.status !== 0) throw new ModuleFailure(`images were not deleted: ${answer.stderr.toString().trim()}`)
}
