import { diffXml } from '../../../core/libvirt/xml/diff.ts'
import { type Element, formatXml } from '../../../core/libvirt/xml/element.ts'
import { type Change, ModuleFailure } from '../../../core/module/types.ts'
import { undecided } from '../daemon/ask.ts'
import { asChanges, creation } from '../daemon/changes.ts'
import { declaredNetwork, type NetworkArgs } from './declaration.ts'
import type { Entry } from './entries.ts'
import type { Network, NetworkState } from './probe.ts'
import { unwantedEntries } from './unwanted.ts'
import { livePlan } from './update.ts'

/** What has to change. Raises ModuleFailure for what cannot be. */
export function diffNetwork(state: NetworkState, args: NetworkArgs): Change[] {
  const network = state.kind === 'answer' ? state.value : undefined
  const declared = declaredNetwork(args, network?.config ?? network?.live)
  if (state.kind === 'silent') return undecided('state', state)
  if (args.state === 'absent') return network ? [stop(network, args, 'absent')] : []
  if (!network) return creation('network', args, declared, 'give mode, or xml')
  const changes = declared && network.config ? configChanges(network.config, declared, args) : []
  const live = declared && network.live ? liveChanges(network, declared, args, changes) : []
  if (args.state === 'active' && !network.active) {
    changes.push({ path: 'state', before: 'inactive', after: 'active', effect: 'now' })
  }
  if (args.state === 'inactive' && network.active) changes.push(stop(network, args, 'inactive'))
  if (args.autostart !== undefined && args.autostart !== network.autostart) {
    changes.push({ path: 'autostart', before: network.autostart, after: args.autostart, effect: 'now' })
  }
  return [...changes, ...live]
}

const configChanges = (config: Element, declared: Element, args: NetworkArgs): Change[] => [
  ...asChanges(diffXml(declared, config), 'now'),
  ...unwantedEntries(config, declared, args).map(removal),
]

const removal = ({ path, element }: Entry): Change => ({
  path,
  before: formatXml(element).replace(/>\s+</g, '><').trim(),
  after: 'absent',
  effect: 'now',
})

/** What runs otherwise than declared. What cannot be changed while it runs needs a restart, which cuts guests off. */
function liveChanges(network: Network, declared: Element, args: NetworkArgs, config: readonly Change[]): Change[] {
  if (!network.live || args.state === 'inactive') return []
  const { differences, unwanted, restart } = livePlan(declared, network.live, args)
  if (restart.length > 0 && network.connections > 0 && !args.allow_disruption) {
    throw new ModuleFailure(
      `network '${args.name}' must be restarted to change ${restart.map((d) => d.path).join(', ')}, and guests are connected to it (${network.connections} interfaces)`,
      { hint: 'allow_disruption: true restarts it; guests lose their connection until they are plugged in again' },
    )
  }
  const known = new Set(config.map((c) => c.path))
  const note = restart.length > 0 ? 'restarts the network' : undefined
  const changes = [...asChanges(differences, 'now', note), ...unwanted.map(removal)]
  return changes
    .filter((c) => restart.length > 0 || !known.has(c.path))
    .map((c): Change => ({ ...c, path: `live.${c.path}` }))
}

function stop(network: Network, args: NetworkArgs, after: string): Change {
  if (network.active && network.connections > 0 && !args.allow_disruption) {
    throw new ModuleFailure(
      `network '${args.name}' is in use: guests are connected to it (${network.connections} interfaces)`,
      { hint: 'allow_disruption: true cuts them off' },
    )
  }
  return { path: 'state', before: network.active ? 'active' : 'inactive', after, effect: 'now' }
}
