import type { Host } from '../../../../core/module/types.ts'
import { waitForAddresses } from './addresses.ts'
import { waitForCloudInit } from './cloud-init.ts'
import { type Awaited, Guests } from './guests.ts'
import { waitForSsh } from './ssh.ts'

export type { Awaited } from './guests.ts'

/** What VMs can be waited for. */
export type Goal = 'address' | 'ssh' | 'cloud_init'

/**
 * Waits for guests of one host, all within the same seconds. Answers with those it has waited for in vain, and why: one that stops
 * meanwhile is not waited for to the end.
 */
export async function waitForGuests(
  host: Host,
  awaited: readonly Awaited[],
  goal: Goal,
  seconds: number,
): Promise<Map<Awaited, Error>> {
  const guests = await Guests.open(host, awaited, Date.now() + seconds * 1000)
  try {
    if (goal === 'cloud_init') await waitForCloudInit(guests)
    else await waitForAddresses(guests)
    if (goal === 'ssh') await waitForSsh(guests)
  } finally {
    await guests.close()
  }
  return new Map(guests.all.flatMap(({ failure }, i) => (failure ? [[awaited[i]!, failure]] : [])))
}
