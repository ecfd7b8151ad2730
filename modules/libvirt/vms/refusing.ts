import { type Change, type FleetChange, type HostName, ModuleFailure } from '../../../core/module/types.ts'
import type { VmsArgs } from './args.ts'
import type { WantedVm } from './wanted.ts'

/** Why something cannot be done with one VM; the others go on. */
export function obstacle(check: () => void): ModuleFailure | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    if (error instanceof ModuleFailure) return error
    throw error
  }
}

/** Nothing is done for that VM, and why. */
export const refused = (vm: WantedVm, host: HostName, args: VmsArgs, refusal: ModuleFailure): FleetChange => ({
  ...fleetChange('refuse', vm.name, host, [{ path: 'state', after: args.state, effect: 'now' }]),
  refusal,
})

/** What is to be done with one VM. */
export function fleetChange(
  kind: 'make' | 'adjust' | 'remove' | 'refuse',
  name: string,
  host: HostName,
  changes: readonly Change[],
  hosts: readonly HostName[] = [host],
): FleetChange {
  return { id: `${kind} ${name}`, item: name, hosts, changes, needs: [] }
}

/** Why nothing is done for VMs that hosts may have which do not answer. */
export function undecidable(silent: ReadonlyMap<HostName, string>, vms: readonly string[]): ModuleFailure {
  const hosts = [...silent].map(([name, why]) => `${name} (${why})`).join(', ')
  return new ModuleFailure(
    `nothing is done for ${vms.join(', ')}: they may be on hosts that did not answer: ${hosts}`,
    {
      hint: 'bring the hosts back, or take them out of the play when they are gone for good',
      result: { silent: [...silent.keys()], vms: [...vms] },
    },
  )
}
