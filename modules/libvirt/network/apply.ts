import { type Element, formatXml } from '../../../core/libvirt/xml/element.ts'
import { mergeXml } from '../../../core/libvirt/xml/merge.ts'
import type { Change, Host } from '../../../core/module/types.ts'
import { requireAnswer } from '../daemon/ask.ts'
import { attempt } from '../daemon/failure.ts'
import { declaredNetwork, type NetworkArgs } from './declaration.ts'
import { withoutElements } from './entries.ts'
import type { Network, NetworkState } from './probe.ts'
import { unwantedEntries } from './unwanted.ts'
import { livePlan } from './update.ts'

/** Makes the network what the task says. */
export async function applyNetwork(
  host: Host,
  args: NetworkArgs,
  state: NetworkState,
  changes: readonly Change[],
): Promise<undefined> {
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
  const declared = declaredNetwork(args, network?.config ?? network?.live)
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
  const plan = network.live && livePlan(declared, network.live, args)
  const restart = plan !== undefined && plan.restart.length > 0
  if (plan && !restart && args.state !== 'inactive') await updateLive(host, args, plan.updates)
  if (network.config && changes.some((c) => !/^(?:live\.|state$|autostart$)/.test(c.path))) {
    const gone = new Set(unwantedEntries(network.config, declared, args).map(({ element }) => element))
    const merged = formatXml(mergeXml(declared, withoutElements(network.config, gone)))
    await attempt(`define network '${args.name}'`, () => host.libvirt.defineNetwork(merged))
  }
  if (restart && args.state !== 'inactive') {
    for (const verb of ['net-destroy', 'net-start']) {
      await attempt(`restart network '${args.name}'`, () => host.libvirt.command([verb, `--network=${args.name}`]))
    }
  }
}

async function updateLive(
  host: Host,
  args: NetworkArgs,
  updates: ReturnType<typeof livePlan>['updates'],
): Promise<void> {
  for (const { command, section, parentIndex, xml } of updates) {
    const argv = ['net-update', `--network=${args.name}`, command, section, '--live', '--parent-index']
    await attempt(`update network '${args.name}'`, () =>
      host.libvirt.command([...argv, String(parentIndex), '--xml'], { xml }),
    )
  }
}
