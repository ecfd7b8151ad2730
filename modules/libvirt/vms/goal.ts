import { type Change, type Host, ModuleFailure } from '../../../core/module/types.ts'
import { RESTARTS } from '../domain/plan-changes.ts'
import type { VmsArgs } from './args.ts'
import type { Known } from './fleet.ts'
import { parseJournal, readJournal, writeEntries } from './journal.ts'
import type { SeenVm } from './probe.ts'
import { type Goal, waitForGuests } from './wait/index.ts'
import { type WantedVm, wantedVms } from './wanted.ts'
import { fixedAddressesOf } from './wanted-interfaces.ts'

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
  const noted = (goal: Noted): boolean => known.journals.some(({ entry }) => entry[NOTES[goal]])
  if (goal === 'cloud_init') return noted(goal) ? [] : waits('cloud_init', 'ended')
  // A guest that came from another host had its address there, and says nothing new until its lease runs out.
  if (goal === undefined || seen.reason === 'migrated') return []
  if (goal === 'ssh') return noted(goal) ? [] : waits('ssh', 'answers')
  return fixedAddressesOf(vm.interfaces).length > 0 || seen.addresses.length > 0 ? [] : waits('address', 'any')
}

/** Whether a change of a VM is one after which it is waited for. */
export const awaited = (changes: readonly Change[]): boolean =>
  changes.some(({ path, note }) => note === RESTARTS || ['state', 'address', 'ssh', 'cloud_init'].includes(path))

/** Waits for VMs of one host. Answers with those it has waited for in vain, and why. */
export async function awaitVms(host: Host, args: VmsArgs, names: readonly string[]): Promise<Map<string, Error>> {
  const goal = goalOf(args)
  const vms = wantedVms(args).filter((vm) => names.includes(vm.name))
  // What the task itself gives is not waited for.
  const open = goal === 'address' ? vms.filter((vm) => fixedAddressesOf(vm.interfaces).length === 0) : vms
  if (goal === undefined || open.length === 0) return new Map()
  const guests = open.map(({ name, uuid, interfaces, seed }) => ({
    name,
    uuid,
    address: fixedAddressesOf(interfaces)[0],
    seeded: seed !== undefined,
  }))
  const failures = await waitForGuests(host, guests, goal, args.wait_timeout)
  const ended = open.filter((_, i) => !failures.has(guests[i]!))
  const unnoted = goal === 'address' ? undefined : await note(host, args, goal, ended)
  return new Map([
    ...[...failures].map(([guest, error]): [string, Error] => [guest.name, error]),
    ...(unnoted ? ended.map(({ name }): [string, Error] => [name, unnoted]) : []),
  ])
}

/** Goals that a later run could not see without asking each guest, and where the journal has that they were reached. */
const NOTES = { cloud_init: 'cloudInit', ssh: 'ssh' } as const
type Noted = keyof typeof NOTES

/** Writes down that the goal was reached. Answers with why it could not. */
async function note(host: Host, args: VmsArgs, goal: Noted, vms: readonly WantedVm[]): Promise<Error | undefined> {
  if (vms.length === 0) return undefined
  const journal = parseJournal((await host.read(readJournal(args.fleet))).stdout.toString())
  const entries = vms.map(({ name, uuid }) => {
    const { files = [], cloudInit = false, ssh = false } = journal.find((entry) => entry.uuid === uuid) ?? {}
    return { name, uuid, files, cloudInit, ssh, [NOTES[goal]]: true }
  })
  const noted = await host.run(writeEntries(args.fleet, entries), { childless: true })
  if (noted.status === 0) return undefined
  return new ModuleFailure(
    `that ${goal === 'ssh' ? 'SSH answered' : 'cloud-init has ended'} was not written down: ${noted.stderr.toString().trim()}`,
  )
}
