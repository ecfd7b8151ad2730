import { type Change, type Host, ModuleFailure } from '../../../core/module/types.ts'
import type { VmsArgs } from './args.ts'
import type { Known } from './fleet.ts'
import { parseJournal, readJournal, writeEntries } from './journal.ts'
import type { SeenVm } from './probe.ts'
import { type Goal, waitForGuests } from './wait/index.ts'
import { type WantedVm, wantedVms } from './wanted.ts'

/** What is waited for, beyond that the VMs run. */
export function goalOf({ state, wait_for: goal }: VmsArgs): Goal | undefined {
  return state !== 'running' || goal === 'none' || goal === 'running' ? undefined : goal
}

/** What a VM that runs has not shown yet of what is waited for. */
export function unmet(vm: WantedVm, seen: SeenVm, known: Known, args: VmsArgs): Change[] {
  const goal = goalOf(args)
  const waits = (path: string, after: string): Change[] => [
    { path, before: 'none', after, effect: 'now', note: 'waits for the guest' },
  ]
  if (goal === 'cloud_init') return known.journals.some((j) => j.entry.cloudInit) ? [] : waits('cloud_init', 'ended')
  if (goal === undefined || vm.address !== undefined || seen.addresses.length > 0) return []
  // A guest that came from another host had its address there, and says nothing new until its lease runs out.
  return seen.reason === 'migrated' ? [] : waits('address', 'any')
}

/** Whether a change of a VM is one after which it is waited for. */
export const awaited = (changes: readonly Change[]): boolean =>
  changes.some(({ path }) => path === 'state' || path === 'address' || path === 'cloud_init')

/** Waits for VMs of one host. Answers with those it has waited for in vain, and why. */
export async function awaitVms(host: Host, args: VmsArgs, names: readonly string[]): Promise<Map<string, Error>> {
  const goal = goalOf(args)
  const vms = wantedVms(args).filter((vm) => names.includes(vm.name))
  // What the task itself gives is not waited for.
  const open = goal === 'address' ? vms.filter((vm) => vm.address === undefined) : vms
  if (goal === undefined || open.length === 0) return new Map()
  const guests = open.map(({ name, uuid, address, seed }) => ({
    name,
    uuid,
    address: address?.cidr.split('/')[0],
    seeded: seed !== undefined,
  }))
  const failures = await waitForGuests(host, guests, goal, args.wait_timeout)
  const ended = open.filter((_, i) => !failures.has(guests[i]!))
  const unnoted = goal === 'cloud_init' ? await note(host, args, ended) : undefined
  return new Map([
    ...[...failures].map(([guest, error]): [string, Error] => [guest.name, error]),
    ...(unnoted ? ended.map(({ name }): [string, Error] => [name, unnoted]) : []),
  ])
}

/** Writes down that cloud-init has ended, as nobody but the guest could tell it to a later run. Answers with why it could not. */
async function note(host: Host, args: VmsArgs, vms: readonly WantedVm[]): Promise<Error | undefined> {
  if (vms.length === 0) return undefined
  const journal = parseJournal((await host.read(readJournal(args.fleet))).stdout.toString())
  const entries = vms.map(({ name, uuid }) => {
    const files = journal.find((entry) => entry.uuid === uuid)?.files ?? []
    return { name, uuid, files, cloudInit: true }
  })
  const noted = await host.run(writeEntries(args.fleet, entries), { childless: true })
  if (noted.status === 0) return undefined
  return new ModuleFailure(`the end of cloud-init was not written down: ${noted.stderr.toString().trim()}`)
}
