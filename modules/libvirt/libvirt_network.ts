import { diffXml } from '../../core/libvirt/xml/diff.ts'
import { child, type Element, formatXml, parseXml } from '../../core/libvirt/xml/element.ts'
import { mergeXml } from '../../core/libvirt/xml/merge.ts'
import { defineState } from '../../core/module/define.ts'
import { type Change, type Host, ModuleFailure } from '../../core/module/types.ts'
import { type Answer, ask, requireAnswer, undecided } from './daemon/ask.ts'
import { asChanges } from './daemon/changes.ts'
import { attempt } from './daemon/failure.ts'
import { declaredNetwork, type NetworkArgs, networkArgs } from './network/declaration.ts'
import { liveUpdate } from './network/update.ts'

interface Network {
  readonly uuid: string
  readonly active: boolean
  readonly autostart: boolean
  readonly config: Element | undefined
  readonly live: Element | undefined
  /** Interfaces of guests on it. */
  readonly connections: number
}

/** Undefined: there is no such network. */
type State = Answer<Network | undefined>

async function probe(host: Parameters<typeof ask>[0], args: NetworkArgs): Promise<State> {
  return await ask(host, async (libvirt) => {
    const [networks, config, live] = await Promise.all([
      libvirt.networks(),
      libvirt.networkXml(args.name, { inactive: true }),
      libvirt.networkXml(args.name),
    ])
    const found = networks.find((n) => n.name === args.name)
    if (!found) return undefined
    const running = found.active && live !== undefined ? parseXml(live) : undefined
    return {
      uuid: found.uuid,
      active: found.active,
      autostart: found.autostart,
      config: config === undefined ? undefined : parseXml(config),
      live: running,
      connections: Number(running?.attributes.connections ?? 0),
    }
  })
}

function diff(state: State, args: NetworkArgs): Change[] {
  const declared = declaredNetwork(args)
  if (state.kind === 'silent') return undecided('state', state)
  const network = state.kind === 'answer' ? state.value : undefined
  if (args.state === 'absent') return network ? [stop(network, args, 'absent')] : []
  if (!network) return creation(args, declared)
  const changes = declared && network.config ? asChanges(diffXml(declared, network.config), 'now') : []
  const restarts = declared && network.live ? restartChanges(network, declared, args, changes) : []
  if (args.state === 'active' && !network.active) {
    changes.push({ path: 'state', before: 'inactive', after: 'active', effect: 'now' })
  }
  if (args.state === 'inactive' && network.active) changes.push(stop(network, args, 'inactive'))
  if (args.autostart !== undefined && args.autostart !== network.autostart) {
    changes.push({ path: 'autostart', before: network.autostart, after: args.autostart, effect: 'now' })
  }
  return [...changes, ...restarts]
}

function creation(args: NetworkArgs, declared: Element | undefined): Change[] {
  if (!declared) {
    throw new ModuleFailure(`there is no network '${args.name}', and the task does not say what it is`, {
      hint: 'give mode, or xml',
    })
  }
  const after = args.state === 'active' ? 'active' : 'inactive'
  return [
    {
      path: 'state',
      before: 'absent',
      after,
      effect: 'now',
      text: { header: `network ${args.name}`, before: '', after: formatXml(declared) },
    },
  ]
}

/** What runs otherwise than declared, and cannot be changed while it runs: only a restart helps, which cuts guests off. */
function restartChanges(network: Network, declared: Element, args: NetworkArgs, config: readonly Change[]): Change[] {
  if (!network.live || args.state === 'inactive') return []
  const stale = diffXml(declared, network.live)
  const restart = stale.filter((d) => liveUpdate(d) === undefined)
  if (restart.length > 0 && network.connections > 0 && !args.allow_disruption) {
    throw new ModuleFailure(
      `network '${args.name}' must be restarted to change ${restart.map((d) => d.path).join(', ')}, and guests are connected to it (${network.connections} interfaces)`,
      { hint: 'allow_disruption: true restarts it; guests lose their connection until they are plugged in again' },
    )
  }
  const known = new Set(config.map((c) => c.path))
  const note = restart.length > 0 ? 'restarts the network' : undefined
  return asChanges(
    stale.filter((d) => restart.length > 0 || !known.has(d.path)),
    'now',
    note,
  ).map((c) => ({
    ...c,
    path: `live.${c.path}`,
  }))
}

function stop(network: Network, args: NetworkArgs, after: string): Change {
  if (network.active && network.connections > 0 && !args.allow_disruption) {
    throw new ModuleFailure(
      `network '${args.name}' is in use: guests are connected to it (${network.connections} interfaces)`,
      {
        hint: 'allow_disruption: true cuts them off',
      },
    )
  }
  return { path: 'state', before: network.active ? 'active' : 'inactive', after, effect: 'now' }
}

async function apply(host: Host, args: NetworkArgs, state: State, changes: readonly Change[]): Promise<undefined> {
  const network = requireAnswer(state)
  const { libvirt } = host
  const command = (what: string, ...argv: string[]) =>
    attempt(`${what} network '${args.name}'`, () => libvirt.command(argv))
  const on = `--network=${args.name}`
  if (args.state === 'absent') {
    if (network?.active) await command('stop', 'net-destroy', on)
    if (network?.config) await command('remove', 'net-undefine', on)
    return undefined
  }
  const declared = declaredNetwork(args)
  if (declared && !network) await create(host, args, declared)
  else if (declared && network) await update(host, args, declared, network, changes)
  const active = network?.active ?? args.state === 'active'
  if (args.state === 'inactive' && active) await command('stop', 'net-destroy', on)
  if (network && args.state === 'active' && !network.active) await command('start', 'net-start', on)
  const autostart = args.autostart ?? (network ? undefined : true)
  if (autostart !== undefined && autostart !== network?.autostart)
    await libvirt.setAutostart('network', args.name, autostart)
  return undefined
}

/** A network that does not start is not left behind. */
async function create(host: Host, args: NetworkArgs, declared: Element): Promise<void> {
  await attempt(`define network '${args.name}'`, () => host.libvirt.defineNetwork(formatXml(declared)))
  if (args.state !== 'active') return
  try {
    await attempt(`start network '${args.name}'`, () => host.libvirt.command(['net-start', `--network=${args.name}`]))
  } catch (error) {
    await host.libvirt.command(['net-undefine', `--network=${args.name}`])
    throw error
  }
}

async function update(
  host: Host,
  args: NetworkArgs,
  declared: Element,
  network: Network,
  changes: readonly Change[],
): Promise<void> {
  const stale = network.live ? diffXml(declared, network.live) : []
  const restart = stale.some((d) => liveUpdate(d) === undefined)
  if (network.live && !restart) {
    for (const difference of stale) {
      const step = liveUpdate(difference)
      if (!step) continue
      const argv = [
        'net-update',
        `--network=${args.name}`,
        step.command,
        step.section,
        '--live',
        '--parent-index',
        String(step.parentIndex),
        '--xml',
      ]
      await attempt(`update network '${args.name}'`, () => host.libvirt.command(argv, { xml: step.xml }))
    }
  }
  if (
    network.config &&
    changes.some((c) => !c.path.startsWith('live.') && c.path !== 'state' && c.path !== 'autostart')
  ) {
    const merged = formatXml(mergeXml(declared, network.config))
    await attempt(`define network '${args.name}'`, () => host.libvirt.defineNetwork(merged))
  }
  if (network.live && restart && args.state !== 'inactive') {
    for (const verb of ['net-destroy', 'net-start']) {
      await attempt(`restart network '${args.name}'`, () => host.libvirt.command([verb, `--network=${args.name}`]))
    }
  }
}

export default defineState({
  name: 'libvirt_network',
  summary: 'A libvirt network: defined, running, started with the host.',
  description:
    'The definition is compared by meaning, and only what the task declares. DHCP hosts, DNS entries and port groups change while the network runs; what needs a restart is refused while guests are connected, unless `allow_disruption`.',
  args: networkArgs,
  returns: {
    name: 'Name of the network.',
    uuid: 'UUID of the network.',
    state: 'active, inactive or absent.',
    autostart: 'Whether it starts with the host.',
    bridge: 'Its bridge on the host.',
    connections: 'Number of guest interfaces on it.',
  },
  examples: `- name: A network with addresses by DHCP
  libvirt_network:
    name: guests
    mode: nat
    bridge: virbr10
    address: 192.168.100.1/24
    dhcp_start: 192.168.100.10
    dhcp_end: 192.168.100.200
    hosts:
      - {mac: "52:54:00:00:00:01", name: web1, ip: 192.168.100.11}
    autostart: true

- name: Guests on a bridge of the host
  libvirt_network:
    name: lan
    mode: bridge
    bridge: br0
`,
  wakes: true,
  local: true,
  probe,
  diff,
  apply,
  result(state, args) {
    const network = state.kind === 'answer' ? state.value : undefined
    const bridge = child(network?.live ?? network?.config, 'bridge')?.attributes.name
    return {
      name: args.name,
      state: network ? (network.active ? 'active' : 'inactive') : 'absent',
      ...(network ? { uuid: network.uuid, autostart: network.autostart, connections: network.connections } : {}),
      ...(bridge === undefined ? {} : { bridge }),
    }
  },
})
