import { sh } from '../../../core/connection/quote.ts'
import { LibvirtError } from '../../../core/libvirt/types.ts'
import { type Host, ModuleFailure } from '../../../core/module/types.ts'
import { requireAnswer } from '../daemon/ask.ts'
import { refused } from '../daemon/failure.ts'
import { stopGuest } from '../domain/power.ts'
import { stateFlags } from '../domain/undefine.ts'
import type { VmsArgs } from './args.ts'
import { domainsOf } from './fleet.ts'
import { journalFile } from './journal.ts'
import { probeVms, type SeenVm } from './probe.ts'
import { wantedVms } from './wanted.ts'

/** Stops and undefines VMs of ours on this host, then deletes what the journal there says was made for them: nobody else needs it. */
export async function removeVms(host: Host, args: VmsArgs, names: readonly string[]): Promise<Map<string, Error>> {
  const state = await probeVms(host, args)
  // Of a libvirt that is silent now it is not known what it has.
  if (state.domains.kind === 'silent') requireAnswer(state.domains)
  const uuids = new Map(wantedVms(args).map((v) => [v.name, v.uuid]))
  const failures = new Map<string, Error>()
  const gone: string[] = []
  const made = state.journal.filter((e) => names.includes(e.name) && e.uuid === uuids.get(e.name))
  await Promise.all(
    names.map(async (name) => {
      const seen = domainsOf(state).find((d) => d.model.uuid === uuids.get(name))
      try {
        if (seen) await undefine(host, args, name, seen)
        gone.push(name)
      } catch (error) {
        failures.set(name, error instanceof LibvirtError ? refused(`VM '${name}'`, error) : (error as Error))
      }
    }),
  )
  const entries = made.filter((e) => gone.includes(e.name))
  if (entries.length === 0) return failures
  // The journal goes last: what is cut here is found again.
  const script = sh.join(
    entries.map(
      (e) =>
        sh`rm -f -- ${[...e.files, ...e.files.map((f) => `${f}.part`)]} && rm -f -- ${journalFile(args.fleet, e.name)}`,
    ),
  )
  const answer = await host.run(script)
  if (answer.stderr.length > 0) {
    const error = new ModuleFailure(`files were not deleted: ${answer.stderr.toString().trim()}`)
    for (const entry of entries) failures.set(entry.name, error)
  }
  return failures
}

async function undefine(host: Host, args: VmsArgs, name: string, seen: SeenVm): Promise<void> {
  const uuid = seen.model.uuid ?? name
  if (seen.state !== 'shut off') await stopGuest(host, { name, uuid }, args)
  // --managed-save and --snapshots-metadata are taken by every version, and do nothing where there is neither.
  const flags = ['--managed-save', '--snapshots-metadata', ...stateFlags(seen.model.xml)]
  await host.libvirt.undefineDomain(name, flags)
}
