import { type FleetChange, type HostName, ModuleFailure } from '../../module/types.ts'
import type { FleetCall, FleetItem } from './fleet.ts'

/**
 * What was done, held against what the module would still do: for the same item on one of its hosts, under whatever name. Where
 * the module refuses to say, because a host is silent now or it finds a state that it touches not, what was done stands, unless it was done
 * on a host that is silent, or all hosts have answered.
 */
export function verifiedAll(
  done: readonly FleetItem[],
  left: readonly FleetChange[] | ModuleFailure,
  silent: ReadonlyMap<HostName, string>,
  call: Pick<FleetCall, 'silent'>,
): FleetItem[] {
  const gone = [...silent].filter(([name]) => !call.silent.has(name))
  return done.map((item) => {
    if (item.status !== 'changed') return item
    const lost = gone.find(([name]) => item.change.hosts.includes(name))
    if (lost) return failed(item, `not verified: ${lost[0]} did not answer afterwards: ${lost[1]}`)
    if (!(left instanceof ModuleFailure)) return verified(item, left)
    if (gone.length === 0) return failed(item, `not verified: ${left.message}`, left.hint)
    return { ...item, message: `not verified: ${gone.map(([name, why]) => `${name} (${why})`).join(', ')}` }
  })
}

function verified(item: FleetItem, left: readonly FleetChange[]): FleetItem {
  const { id, item: name, hosts } = item.change
  const same = left.filter(
    (change) => change.id === id || (change.item === name && change.hosts.some((host) => hosts.includes(host))),
  )
  if (same.length === 0) return item
  const paths = same.flatMap((change) => change.changes.filter((one) => one.effect === 'now').map((one) => one.path))
  return failed(item, `did not converge: ${[...new Set(paths)].join(', ')}`)
}

const failed = ({ change }: FleetItem, message: string, hint?: string): FleetItem => ({
  change,
  status: 'failed',
  message,
  ...(hint !== undefined && { hint }),
})
