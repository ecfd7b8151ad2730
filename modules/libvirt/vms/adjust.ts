import { LibvirtError } from '../../../core/libvirt/types.ts'
import { formatXml } from '../../../core/libvirt/xml/element.ts'
import { mergeXml } from '../../../core/libvirt/xml/merge.ts'
import { type Host, ModuleFailure } from '../../../core/module/types.ts'
import { requireAnswer } from '../daemon/ask.ts'
import { attempt, refused } from '../daemon/failure.ts'
import { stopGuest } from '../domain/power.ts'
import type { VmsArgs } from './args.ts'
import { growDisk } from './disk-size.ts'
import { domainsOf } from './fleet.ts'
import { writeEntries } from './journal.ts'
import { probeVms, type SeenVm, type VmHost } from './probe.ts'
import { seedOf, writeSeeds } from './seeds.ts'
import { wantedVms } from './wanted.ts'
import { type Starter, waves } from './waves.ts'

/** Makes VMs that are there what the task says, from what is there now. Answers with what failed. */
export async function adjustVms(host: Host, args: VmsArgs, names: readonly string[]): Promise<Map<string, Error>> {
  const [state, starter] = await Promise.all([probeVms(host, args), waves(host, args)])
  requireAnswer(state.domains)
  const failures = await adjustSeeds(host, args, names, state)
  await Promise.all(
    names.map(async (name) => {
      const seen = domainsOf(state).find((d) => d.model.name === name)
      try {
        if (seen && !failures.has(name)) await adjust(host, args, name, seen, starter)
      } catch (error) {
        failures.set(name, error instanceof LibvirtError ? refused(`VM '${name}'`, error) : (error as Error))
      }
    }),
  )
  return failures
}

/** Journal first: what a clean-up may remove stands there. */
async function adjustSeeds(
  host: Host,
  args: VmsArgs,
  names: readonly string[],
  state: VmHost,
): Promise<Map<string, Error>> {
  const seeds = new Map<string, Buffer>()
  const vms = wantedVms(args).filter((vm) => names.includes(vm.name))
  const entries = []
  for (const vm of vms) {
    const seen = domainsOf(state).find((d) => d.model.uuid === vm.uuid)
    const mac = seen?.model.nics[0]?.mac
    if (!seen?.seedDiffers || vm.seed === undefined || mac === undefined) continue
    const seed = seedOf(args, vm, mac)
    if (!seed) continue
    seeds.set(vm.seed, seed)
    const { files = [], cloudInit = false, ssh = false } = state.journal.find((entry) => entry.uuid === vm.uuid) ?? {}
    entries.push({ name: vm.name, uuid: vm.uuid, files: [...new Set([...files, vm.seed])], cloudInit, ssh })
  }
  if (seeds.size === 0) return new Map()
  const noted = await host.run(writeEntries(args.fleet, entries), { childless: true })
  if (noted.status !== 0) {
    const why = new ModuleFailure(`the journal was not written: ${noted.stderr.toString().trim()}`)
    return new Map(entries.map(({ name }) => [name, why]))
  }
  const problems = await writeSeeds(host, seeds)
  return new Map(
    vms.flatMap((vm) => {
      const problem = problems.get(vm.seed ?? '')
      return problem ? [[vm.name, problem]] : []
    }),
  )
}

async function adjust(host: Host, args: VmsArgs, name: string, seen: SeenVm, starter: Starter): Promise<void> {
  if (seen.drift.length > 0 && seen.declared && seen.config)
    await host.libvirt.defineDomain(formatXml(mergeXml(seen.declared, seen.config)))
  if (args.autostart !== undefined && args.autostart !== seen.autostart)
    await host.libvirt.setAutostart('domain', name, args.autostart)
  const off = seen.state === 'shut off' || seen.state === 'crashed'
  const vm = wantedVms(args).find((one) => one.name === name)
  if (vm?.diskSize !== undefined && seen.diskSize !== undefined && seen.diskSize < vm.diskSize)
    await growDisk(host, vm, off)
  if (args.state === 'stopped' && !off) await stopGuest(host, { name, uuid: seen.model.uuid ?? name }, args)
  if (args.state !== 'running') return
  if (seen.state === 'crashed') await host.libvirt.destroyDomain(name)
  if (off) await starter(() => host.libvirt.startDomain(name))
  else if (seen.state === 'paused')
    await attempt(`resume '${name}'`, () => host.libvirt.command(['resume', `--domain=${name}`]))
}
