import { ConnectionError } from '../../../core/connection/errors.ts'
import { isAbsent, LibvirtLost } from '../../../core/libvirt/errors.ts'
import { parseXml } from '../../../core/libvirt/xml/element.ts'
import { type Host, ModuleFailure } from '../../../core/module/types.ts'
import { stateFlags } from '../domain/undefine.ts'
import type { VmsArgs } from './args.ts'
import { type Disks, type Dropping, dropFiles, filesOf } from './disks.ts'
import type { Making } from './making.ts'

/** What a run has come to when some of its VMs failed. */
export interface Attempts {
  readonly failures: Map<Making, Error>
  /** Those that libvirt has, or had, a definition of, with it. */
  readonly defined: ReadonlyMap<Making, string>
  readonly disks: Disks
}

/**
 * Takes back what was made of VMs that failed: the definition, then disks, seed and journal. Where it is not sure that the definition is
 * gone, the VM keeps all of it, since it may run; the next run goes on with it, and its failure says so. Raises ConnectionError.
 */
export async function takeBack(host: Host, args: VmsArgs, { failures, defined, disks }: Attempts): Promise<void> {
  const gone: Making[] = []
  await Promise.all(
    [...failures].map(async ([item, error]) => {
      const why = await whyItStays(host, item, defined.get(item), error)
      if (why === undefined) gone.push(item)
      else failures.set(item, leftAsItIs(error, why))
    }),
  )
  // Where the journal is not sure to be this run's, or a disk was there before, all of it stays for the next run.
  const mine = gone.filter(({ vm }) => disks.noted && vm.disks.every(({ file }) => disks.fresh.has(file)))
  const kept = await dropFiles(host, args.fleet, mine.map(droppingOf))
  for (const item of mine) {
    const [error, why] = [failures.get(item), kept.get(item.vm.name)]
    if (error && why !== undefined) failures.set(item, leftAsItIs(error, `its files were not deleted: ${why}`))
  }
}

const droppingOf = ({ vm, earlier }: Making): Dropping => ({
  name: vm.name,
  files: filesOf(vm),
  entry:
    earlier.length === 0 ? undefined : { name: vm.name, uuid: vm.uuid, files: earlier, cloudInit: false, ssh: false },
})

/** A failure after which something had to stay, and why. */
export function leftAsItIs(error: Error, why: string): ModuleFailure {
  const { hint, result } = error instanceof ModuleFailure ? error : {}
  return new ModuleFailure(`${error.message}; it is left as it is: ${why}`, {
    ...(hint !== undefined && { hint }),
    ...(result !== undefined && { result }),
    cause: error,
  })
}

/** Undefined: there is no definition of it, any more or at all. */
async function whyItStays(
  host: Host,
  { vm }: Making,
  definition: string | undefined,
  error: Error,
): Promise<string | undefined> {
  // What was asked last may have been done.
  if (error instanceof ConnectionError) throw error
  if (error.cause instanceof LibvirtLost) return 'whether libvirt has done it is not known'
  if (definition === undefined) return undefined
  try {
    const now = await host.libvirt.domainState(vm.name)
    if (now !== undefined && now.state !== 'shut off' && now.state !== 'crashed') return `it is ${now.state}`
    if (now !== undefined)
      await host.libvirt.undefineDomain(vm.name, ['--managed-save', ...stateFlags(parseXml(definition))])
    return undefined
  } catch (cause) {
    if (cause instanceof ConnectionError) throw cause
    return isAbsent(cause) ? undefined : `its definition stays (${cause instanceof Error ? cause.message : cause})`
  }
}
