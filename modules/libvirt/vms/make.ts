import { dirname } from 'node:path'
import { LibvirtError } from '../../../core/libvirt/types.ts'
import { formatXml } from '../../../core/libvirt/xml/element.ts'
import { type Host, ModuleFailure } from '../../../core/module/types.ts'
import { refused } from '../daemon/failure.ts'
import type { VmsArgs } from './args.ts'
import { type DiskWork, filesOf, makeDisks } from './disks.ts'
import type { Making } from './making.ts'
import { renderVm } from './render.ts'
import { seedOf, writeSeeds } from './seeds.ts'
import { takeBack } from './take-back.ts'
import { waves } from './waves.ts'

/**
 * Makes all of them: one script for journals and disks, all definitions at once, and starts in waves. Answers with what
 * failed, of which nothing is left that this run made unless libvirt may have it still; the others are there.
 */
export async function makeVms(host: Host, args: VmsArgs, items: readonly Making[]): Promise<Map<Making, Error>> {
  const failures = new Map<Making, Error>()
  const left = () => items.filter((i) => !failures.has(i))
  const definitions = new Map<Making, string>()
  await each(left(), failures, async (item) => {
    definitions.set(item, formatXml(await renderVm(host, item.vm, item)))
  })
  host.progress(`making ${left().length} disks`)
  const [disks, starter] = await Promise.all([makeDisks(host, args.fleet, left().map(workOf)), waves(host, args)])
  for (const item of left()) {
    const problem = disks.failures.get(item.vm.name)
    if (problem) failures.set(item, new ModuleFailure(`the disk of '${item.vm.name}' was not made: ${problem.message}`))
  }
  await makeSeeds(host, left(), failures)
  host.progress(`defining ${left().length} VMs`)
  await each(left(), failures, (item) => host.libvirt.defineDomain(definitions.get(item) ?? ''))
  const defined = left()
  await each(
    left().filter(({ vm }) => vm.autostart === true),
    failures,
    ({ vm }) => host.libvirt.setAutostart('domain', vm.name, true),
  )
  if (args.state === 'running') {
    host.progress(`starting ${left().length} VMs`)
    await each(left(), failures, ({ vm }) => starter(() => host.libvirt.startDomain(vm.name)))
  }
  const given = new Map(defined.map((item) => [item, definitions.get(item) ?? '']))
  if (failures.size > 0) await takeBack(host, args, { failures, defined: given, disks })
  return failures
}

const workOf = ({ vm, earlier }: Making): DiskWork => ({
  disks: vm.disks,
  folders: [...new Set(filesOf(vm).map((file) => dirname(file)))],
  entry: { name: vm.name, uuid: vm.uuid, files: [...filesOf(vm), ...earlier], cloudInit: false, ssh: false },
})

async function makeSeeds(host: Host, items: readonly Making[], failures: Map<Making, Error>): Promise<void> {
  const seeds = new Map<string, Buffer>()
  await each(items, failures, async ({ vm, macs }) => {
    const seed = seedOf(vm, macs)
    if (seed && vm.seed !== undefined) seeds.set(vm.seed, seed)
  })
  const problems = await writeSeeds(host, seeds)
  for (const item of items) {
    const problem = problems.get(item.vm.seed ?? '')
    if (problem)
      failures.set(item, new ModuleFailure(`the seed of '${item.vm.name}' was not written: ${problem.message}`))
  }
}

/** All in one tick, so that they travel together. */
async function each(
  items: readonly Making[],
  failures: Map<Making, Error>,
  act: (item: Making) => Promise<void>,
): Promise<void> {
  await Promise.all(
    items.map(async (item) => {
      try {
        await act(item)
      } catch (error) {
        failures.set(item, failureOf(item, error))
      }
    }),
  )
}

function failureOf({ vm }: Making, error: unknown): Error {
  if (error instanceof LibvirtError) return refused(`VM '${vm.name}'`, error)
  return error instanceof Error ? error : new Error(String(error))
}
