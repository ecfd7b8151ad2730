import { sh } from '../../../core/connection/quote.ts'
import { type Host, ModuleFailure } from '../../../core/module/types.ts'
import { attempt } from '../daemon/failure.ts'
import { requireFree } from '../image/held.ts'
import type { DomainArgs } from './args.ts'
import { destroyGuest, stateNow, stopGuest } from './power.ts'
import type { FoundDomain, HostDomains } from './probe.ts'
import { storageToDelete } from './storage.ts'
import { undefineFlags } from './undefine.ts'

/**
 * Stops a domain, undefines it, then deletes the images that go with it. Who else has them open is asked in between: before, the
 * domain's own QEMU has, and once it is undefined, another run would not know which images to delete.
 */
export async function removeDomain(
  host: Host,
  args: DomainArgs,
  domains: HostDomains,
  found: FoundDomain,
): Promise<void> {
  const { summary } = found
  const files = args.delete_storage ? storageToDelete(domains, found) : []
  await stop(host, args, found)
  const [state] = await Promise.all([stateNow(host, summary.uuid), requireFree(host, files)])
  // A transient one is gone when it is off.
  if (state !== undefined) {
    const flags = undefineFlags(found, args.keep_nvram)
    await attempt(`undefine domain '${summary.name}'`, () => host.libvirt.undefineDomain(summary.uuid, flags))
  }
  if (files.length === 0) return
  const answer = await host.run(sh`rm -f -- ${files}`)
  if (answer.status !== 0) throw new ModuleFailure(`images were not deleted: ${answer.stderr.toString().trim()}`)
}

/** A crashed guest that is kept has nothing to shut down, but a QEMU that has its images open. */
async function stop(host: Host, args: DomainArgs, { summary }: FoundDomain): Promise<void> {
  if (summary.state === 'crashed') await destroyGuest(host, summary)
  else if (summary.state !== 'shut off') await stopGuest(host, summary, args)
}
