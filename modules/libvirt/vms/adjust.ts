import { dirname } from 'node:path'
import { ConnectionError } from '../../../core/connection/errors.ts'
import { LibvirtError, LibvirtLost } from '../../../core/libvirt/types.ts'
import { type Element, formatXml, parseXml } from '../../../core/libvirt/xml/element.ts'
import { inOrder } from '../../../core/libvirt/xml/order.ts'
import { type Host, ModuleFailure } from '../../../core/module/types.ts'
import { requireAnswer } from '../daemon/ask.ts'
import { attempt, refused } from '../daemon/failure.ts'
import { carryOut } from '../domain/carry-out.ts'
import { stopGuest } from '../domain/power.ts'
import type { VmsArgs } from './args.ts'
import { growDisk } from './disk-size.ts'
import { dropFiles, makeDisks } from './disks.ts'
import { domainsOf } from './fleet.ts'
import type { JournalEntry } from './journal.ts'
import { probeVms, type SeenVm, type VmHost } from './probe.ts'
import { seedOf, writeSeeds } from './seeds.ts'
import { leftAsItIs } from './take-back.ts'
import { type WantedVm, wantedVms } from './wanted.ts'
import { type Starter, waves } from './waves.ts'

/** A VM that is to be adjusted, as it is now. */
interface Adjusting {
  readonly vm: WantedVm
  readonly seen: SeenVm
  readonly before: JournalEntry | undefined
  readonly restarts: boolean
}

/** What is asked for one VM that is there. */
export interface Adjustment {
  readonly name: string
  /** It is shut down and started for it. */
  readonly restarts: boolean
}

/** Makes VMs that are there what the task says, from what is there now. Answers with what failed. */
export async function adjustVms(
  host: Host,
  args: VmsArgs,
  asked: readonly Adjustment[],
): Promise<Map<Adjustment, Error>> {
  const [state, starter] = await Promise.all([probeVms(host, args), waves(host, args)])
  requireAnswer(state.domains)
  const all = adjustingOf(args, asked, state)
  const { failures, fresh } = await addFiles(host, args, all)
  await Promise.all(
    all.map(async (one) => {
      const { name } = one.vm
      try {
        if (!failures.has(name)) await adjust(host, args, one, starter)
      } catch (error) {
        failures.set(name, error instanceof LibvirtError ? refused(`VM '${name}'`, error) : (error as Error))
      }
    }),
  )
  const failed = all.filter(({ vm }) => failures.has(vm.name))
  if (failed.length > 0) await dropUnused(host, args, failed, { failures, fresh })
  return new Map(
    asked.flatMap((one) => [failures.get(one.name)].flatMap((e): [Adjustment, Error][] => (e ? [[one, e]] : []))),
  )
}

function adjustingOf(args: VmsArgs, asked: readonly Adjustment[], state: VmHost): Adjusting[] {
  const byName = new Map(asked.map((one) => [one.name, one]))
  return wantedVms(args).flatMap((vm) => {
    const one = byName.get(vm.name)
    const seen = domainsOf(state).find((d) => d.model.uuid === vm.uuid)
    if (!one || !seen) return []
    return [{ vm, seen, before: state.journal.find((entry) => entry.uuid === vm.uuid), restarts: one.restarts }]
  })
}

/** What became of new files: why some failed, by the name of the VM, and the disks that were not there before. */
interface Added {
  readonly failures: Map<string, Error>
  readonly fresh: ReadonlySet<string>
}

/** New disks and seeds. Journal first: what a clean-up may remove stands there. */
async function addFiles(host: Host, args: VmsArgs, all: readonly Adjusting[]): Promise<Added> {
  const seeds = new Map<string, { name: string; seed: Buffer }>()
  const works = all.flatMap(({ vm, seen, before }) => {
    const seed = seen.seedDiffers ? seedOf(vm, seen.macs) : undefined
    if (seed && vm.seed !== undefined) seeds.set(vm.seed, { name: vm.name, seed })
    const files = [...seen.missing.map(({ file }) => file), ...(seed && vm.seed !== undefined ? [vm.seed] : [])]
    if (files.length === 0) return []
    const { files: old = [], cloudInit = false, ssh = false } = before ?? {}
    const entry = { name: vm.name, uuid: vm.uuid, files: [...new Set([...old, ...files])], cloudInit, ssh }
    return [{ disks: seen.missing, folders: [...new Set(files.map((file) => dirname(file)))], entry }]
  })
  const { failures: unmade, fresh } = await makeDisks(host, args.fleet, works)
  const written = [...seeds].filter(([, { name }]) => !unmade.has(name))
  const problems = await writeSeeds(host, new Map(written.map(([path, { seed }]) => [path, seed])))
  const failures = all.flatMap(({ vm }): [string, Error][] => {
    const problem = unmade.get(vm.name)
    if (problem)
      return [[vm.name, new ModuleFailure(`the new files of '${vm.name}' were not made: ${problem.message}`)]]
    const unwritten = problems.get(vm.seed ?? '')
    return unwritten ? [[vm.name, unwritten]] : []
  })
  return { failures: new Map(failures), fresh }
}

async function adjust(host: Host, args: VmsArgs, one: Adjusting, starter: Starter): Promise<void> {
  const { vm, seen, restarts } = one
  const { name, uuid } = vm
  const off = seen.state === 'shut off' || seen.state === 'crashed'
  if (seen.plan)
    await carryOut(host, seen.plan, {
      uuid,
      config: seen.config,
      define: (definition) => host.libvirt.defineDomain(formatXml(inOrder(definition))),
      again: seen.again,
      off: off || args.state === 'stopped',
    })
  if (vm.autostart !== undefined && vm.autostart !== seen.autostart)
    await host.libvirt.setAutostart('domain', name, vm.autostart)
  for (const disk of vm.disks) {
    const is = seen.sizes.get(disk.file)
    if (is !== undefined && disk.size !== undefined && is < disk.size) await growDisk(host, name, disk, off)
  }
  if (!off && (args.state === 'stopped' || restarts)) await stopGuest(host, { name, uuid }, args)
  if (args.state !== 'running') return
  if (seen.state === 'crashed') await host.libvirt.destroyDomain(name)
  if (off || restarts) await starter(() => host.libvirt.startDomain(name))
  else if (seen.state === 'paused')
    await attempt(`resume '${name}'`, () => host.libvirt.command(['resume', `--domain=${name}`]))
}

/** New disks that came to nothing go again, where it is sure that the machine does not have them. */
async function dropUnused(
  host: Host,
  args: VmsArgs,
  failed: readonly Adjusting[],
  { failures, fresh }: Added,
): Promise<void> {
  const droppings = await Promise.all(
    failed.map(async ({ vm, seen, before }) => {
      const error = failures.get(vm.name)
      const unsure = error instanceof ConnectionError || error?.cause instanceof LibvirtLost
      const had = before?.files ?? []
      const files = seen.missing.map(({ file }) => file).filter((file) => fresh.has(file) && !had.includes(file))
      if (unsure || files.length === 0 || (await hasAny(host, vm.uuid, files))) return []
      const { cloudInit = false, ssh = false } = before ?? {}
      const seed = seen.seedDiffers && vm.seed !== undefined ? [vm.seed] : []
      const left = [...new Set([...had, ...seed])]
      const entry =
        before === undefined && left.length === 0
          ? undefined
          : { name: vm.name, uuid: vm.uuid, files: left, cloudInit, ssh }
      return [{ name: vm.name, files, entry }]
    }),
  )
  for (const [name, why] of await dropFiles(host, args.fleet, droppings.flat())) {
    const error = failures.get(name)
    if (error) failures.set(name, leftAsItIs(error, `new disks were not deleted: ${why}`))
  }
}

/** Whether the definition or the guest names one of the files, as a disk or below one; what cannot be asked does. */
async function hasAny(host: Host, uuid: string, files: readonly string[]): Promise<boolean> {
  try {
    const texts = await Promise.all([host.libvirt.domainXml(uuid, { inactive: true }), host.libvirt.domainXml(uuid)])
    const found = texts.flatMap((text) => (text === undefined ? [] : [parseXml(text)]))
    return found.length === 0 || found.some((domain) => names(domain, files))
  } catch (error) {
    if (error instanceof ConnectionError) throw error
    return true
  }
}

const names = ({ attributes, children, text }: Element, files: readonly string[]): boolean =>
  files.includes(text) ||
  Object.values(attributes).some((value) => files.includes(value ?? '')) ||
  children.some((inner) => names(inner, files))
