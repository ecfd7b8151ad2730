import type { FoundVm } from '../../fleet/fleet.ts'
import { isSilent } from '../../fleet/vms.ts'
import type { OpenFleet } from './open.ts'
import { tell } from './print.ts'

/** Finds a VM that is only looked at; says so where another one could be meant, on a host that did not answer. */
export async function lookAt(open: OpenFleet, name: string): Promise<FoundVm> {
  const found = await open.fleet.find(name, 'look')
  const silent = found.answers.filter(isSilent).map((one) => one.host)
  if (silent.length > 0) tell(open, `no answer from ${silent.join(', ')}; this is the one on ${found.vm.host}`)
  return found
}
