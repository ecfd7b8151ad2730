import { setTimeout as delay } from 'node:timers/promises'
import { sh } from '../../../core/connection/quote.ts'
import type { DomainSummary } from '../../../core/libvirt/types.ts'
import { type FleetChange, type Host, type HostName, ModuleFailure } from '../../../core/module/types.ts'
import { attempt } from '../daemon/failure.ts'
import type { MigrateArgs } from './args.ts'
import { decide } from './outcome.ts'
import { openRelay } from './relay.ts'

const POLL_MS = 1000
/** A job that is not over by then is reported, not waited for. */
const SETTLE_MS = 60_000

/** Moves the VM, or clears away what a cut migration left behind. */
export async function applyMigrate(
  hosts: ReadonlyMap<HostName, Host>,
  change: FleetChange,
  args: MigrateArgs,
): Promise<void> {
  const source = hosts.get(change.hosts[0] ?? '')
  if (!source) throw new ModuleFailure(`host ${change.hosts[0]} is not at hand`)
  if (change.id.startsWith('finish ')) return await undefineOff(source, args.name)
  const target = hosts.get(args.to)
  if (!target) throw new ModuleFailure(`host ${args.to} is not at hand`)
  const told = (path: string): unknown => change.changes.find((c) => c.path === path)?.after
  const offline = told('how') === 'offline'
  const said = await migrate(source, target, args, String(told('address')), offline)
  await settle(source, target, args, offline, said)
  if (told('autostart') === true) {
    await attempt(`set autostart of '${args.name}' on ${args.to}`, () =>
      target.libvirt.setAutostart('domain', args.name, true),
    )
  }
}

/** Runs virsh migrate on the source; answers with what it said, which decides nothing. */
async function migrate(
  source: Host,
  target: Host,
  args: MigrateArgs,
  address: string,
  offline: boolean,
): Promise<string> {
  const relay = await openRelay(source, target)
  const uri = source.variable('libvirt_uri')
  const host = address.includes(':') && !address.startsWith('[') ? `[${address}]` : address
  const flags = [
    ...(offline ? ['--offline'] : ['--live', '--abort-on-error', '--migrateuri', `tcp://${host}`]),
    '--persistent',
    '--undefinesource',
    ...(args.auto_converge && !offline ? ['--auto-converge'] : []),
    ...(args.bandwidth === undefined || offline ? [] : ['--bandwidth', String(args.bandwidth)]),
    ...(args.unsafe ? ['--unsafe'] : []),
  ]
  const over = new AbortController()
  try {
    const running = source.run(
      sh`LC_ALL=C virsh -q -c ${typeof uri === 'string' ? uri : 'qemu:///system'} migrate ${flags} --domain ${args.name} --desturi ${relay.uri}`,
      { onLine: () => undefined, shielded: true },
    )
    const watching = watch(source, args, over.signal)
    const answer = await running
    over.abort()
    await watching
    return `${answer.stderr.toString()}${answer.stdout.toString()}`.trim().replace(/^error: /gm, '')
  } finally {
    over.abort()
    await relay.close()
  }
}

/** Progress for the screen, and the end of the user's patience. */
async function watch(source: Host, args: MigrateArgs, over: AbortSignal): Promise<void> {
  const began = Date.now()
  while (!over.aborted) {
    await delay(POLL_MS, undefined, { signal: over }).catch(() => undefined)
    if (over.aborted) return
    const info = await source.libvirt.query(['domjobinfo', `--domain=${args.name}`]).catch(() => '')
    const [total, left] = ['Data total', 'Data remaining'].map((field) => amount(info, field))
    if (total !== undefined && left !== undefined && total > 0) {
      source.progress(`${args.name} to ${args.to}`, Math.min(99, Math.round((100 * (total - left)) / total)))
    }
    if (args.timeout > 0 && Date.now() - began > args.timeout * 1000) {
      await source.libvirt.command(['domjobabort', `--domain=${args.name}`]).catch(() => '')
    }
  }
}

const SCALE: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 }

function amount(info: string, field: string): number | undefined {
  const match = new RegExp(`^${field}:\\s+([\\d.]+) (\\w+)`, 'm').exec(info)
  return match?.[1] === undefined ? undefined : Number(match[1]) * (SCALE[match[2] ?? ''] ?? 1)
}

/** Looks at both sides until no job is under way, and leaves one VM in one place. */
async function settle(source: Host, target: Host, args: MigrateArgs, offline: boolean, said: string): Promise<void> {
  await jobsOver(source, target, args)
  const [here, there] = await Promise.all([summaryOn(source, args.name), summaryOn(target, args.name)])
  const outcome = decide(here, there, offline)
  if (outcome.verdict === 'unclear')
    throw new ModuleFailure(
      `the migration of '${args.name}' ended in a state that only you can judge: ${outcome.why}: nothing was touched${said === '' ? '' : `; libvirt said: ${said}`}`,
    )
  if (outcome.verdict === 'moved') {
    if (outcome.leftAtSource) await undefineOff(source, args.name)
    if (there?.persistent === false)
      throw new ModuleFailure(
        `'${args.name}' runs on ${args.to}, but has no definition there: it would be gone when it is shut down`,
      )
    return
  }
  // The preflight saw no domain of that name there: what is there now came with this migration.
  if (outcome.killTarget) await attempt('remove the copy', () => target.libvirt.destroyDomain(args.name))
  if (outcome.leftAtTarget && (await summaryOn(target, args.name))) await undefineOff(target, args.name)
  throw new ModuleFailure(
    `'${args.name}' was not migrated and is on ${source.name} as before: ${said === '' ? 'libvirt gave no reason' : said}`,
  )
}

async function jobsOver(source: Host, target: Host, args: MigrateArgs): Promise<void> {
  const end = Date.now() + SETTLE_MS
  const busy = async (host: Host): Promise<boolean> => {
    const info = await host.libvirt.query(['domjobinfo', `--domain=${args.name}`]).catch(() => '')
    return /^Job type:\s+(?:Bounded|Unbounded)/m.test(info)
  }
  while ((await Promise.all([busy(source), busy(target)])).includes(true)) {
    if (Date.now() > end) throw new ModuleFailure(`the migration of '${args.name}' is still under way on the hosts`)
    await delay(POLL_MS)
  }
}

async function summaryOn(host: Host, name: string): Promise<DomainSummary | undefined> {
  return (await host.libvirt.domains()).find((d) => d.name === name)
}

/** Removes a definition that does not run, and nothing else. */
async function undefineOff(host: Host, name: string): Promise<void> {
  const summary = await summaryOn(host, name)
  if (!summary) return
  if (summary.state !== 'shut off')
    throw new ModuleFailure(`'${name}' on ${host.name} is ${summary.state}: it was left alone`)
  await attempt(`undefine '${name}' on ${host.name}`, () => host.libvirt.undefineDomain(name, ['--keep-nvram']))
}
