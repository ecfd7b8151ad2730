import { type FleetChange, type FleetStates, ModuleFailure } from '../../../core/module/types.ts'
import type { MigrateArgs } from './args.ts'
import type { MigrateState } from './probe.ts'

/** What has to be done for the VM to be where it belongs. Raises ModuleFailure with everything that stands in the way. */
export function diffMigrate(states: FleetStates<MigrateState>, args: MigrateArgs): FleetChange[] {
  const { silent } = states
  if (silent.size > 0) {
    const hosts = [...silent].map(([name, why]) => `${name} (${why})`).join(', ')
    throw new ModuleFailure(`VM '${args.name}' is not moved: hosts that did not answer may have it, too: ${hosts}`, {
      result: { silent: [...silent.keys()] },
    })
  }
  const there = states.answered.get(args.to)
  if (!there)
    throw new ModuleFailure(`'${args.to}' is not a host of this play`, {
      hint: `hosts: ${[...states.answered.keys()].join(', ')}`,
    })
  const residents = [...states.answered].flatMap(([host, { resident }]) => (resident ? [{ host, resident }] : []))
  if (residents.length === 0)
    throw new ModuleFailure(`there is no VM '${args.name}' on ${[...states.answered.keys()].join(', ')}`)
  const elsewhere = residents.filter((r) => r.host !== args.to)
  if (there.resident) return arrived(there.resident, elsewhere, args)
  if (elsewhere.length > 1)
    throw new ModuleFailure(
      `VM '${args.name}' is on more than one host: ${elsewhere.map((r) => `${r.host} (${r.resident.summary.state})`).join(', ')}`,
    )
  const from = elsewhere[0]
  if (!from) return []
  const { preflight } = there
  if (!preflight)
    throw new ModuleFailure(`libvirt does not answer on ${there.place.kind === 'missing' ? args.to : from.host}`)
  if (preflight.blockers.length > 0)
    throw new ModuleFailure(
      `VM '${args.name}' stays on ${from.host}; in the way of ${args.to}: ${preflight.blockers.join('; ')}`,
      {
        result: { blockers: [...preflight.blockers], notes: [...preflight.notes], host: from.host },
      },
    )
  const how = from.resident.summary.state === 'shut off' ? 'offline' : 'live'
  const note = [`${how}, by ${preflight.address}`, ...preflight.notes].join('; ')
  return [
    {
      id: `migrate ${args.name}`,
      item: args.name,
      hosts: [from.host, args.to],
      needs: [],
      changes: [
        { path: 'host', before: from.host, after: args.to, effect: 'now', note },
        // What apply needs to know besides.
        { path: 'address', after: preflight.address, effect: 'action' },
        { path: 'how', after: how, effect: 'action' },
        { path: 'autostart', after: from.resident.summary.autostart, effect: 'action' },
      ],
    },
  ]
}

type Found = { host: string; resident: NonNullable<MigrateState['resident']> }

/** The VM is at its destination; what is left of it elsewhere was left by a migration that was cut, or is an alarm. */
function arrived(here: Found['resident'], elsewhere: readonly Found[], args: MigrateArgs): FleetChange[] {
  const alarm = (what: string): never => {
    throw new ModuleFailure(`VM '${args.name}' is ${what}: nothing was touched`, {
      hint: 'look at both, and which one holds the lock of its disks',
    })
  }
  for (const { host, resident } of elsewhere) {
    const { state, reason, uuid } = resident.summary
    if (/post-copy/.test(reason) || /post-copy/.test(here.summary.reason))
      alarm(`in a post-copy migration between ${host} and ${args.to}`)
    if (uuid !== here.summary.uuid)
      alarm(`another machine on ${host} (${uuid}) than on ${args.to} (${here.summary.uuid})`)
    if (state !== 'shut off') alarm(`${state} on ${host} and ${here.summary.state} on ${args.to}`)
    if (here.summary.state === 'shut off') alarm(`defined and off on ${host} and on ${args.to}`)
  }
  return elsewhere.map(({ host }) => ({
    id: `finish ${args.name} on ${host}`,
    item: args.name,
    hosts: [host],
    needs: [],
    changes: [{ path: `definition.${host}`, before: 'left behind', after: 'absent', effect: 'now' as const }],
  }))
}
