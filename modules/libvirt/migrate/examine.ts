import { sh } from '../../../core/connection/quote.ts'
import { LibvirtError, LibvirtNotAsked } from '../../../core/libvirt/types.ts'
import { type DomainModel, readDomain } from '../../../core/libvirt/xml/domain.ts'
import { child, formatXml, parseXml } from '../../../core/libvirt/xml/element.ts'
import type { FleetStates, HostName, Reader } from '../../../core/module/types.ts'
import type { MigrateArgs } from './args.ts'
import { preflight, type Sides } from './preflight.ts'
import type { MigrateState } from './probe.ts'
import { filesOf, lookAt } from './storage.ts'

/** The second round: what can be told only from both ends. The answer is put into the destination's state. */
export async function examine(
  hosts: ReadonlyMap<HostName, Reader>,
  states: FleetStates<MigrateState>,
  args: MigrateArgs,
): Promise<FleetStates<MigrateState>> {
  const there = states.answered.get(args.to)
  const from = [...states.answered].find(([name, s]) => name !== args.to && s.resident !== undefined)
  if (!there || !from || there.resident) return states
  const [sourceName, here] = from
  const source = hosts.get(sourceName)
  const target = hosts.get(args.to)
  if (!source || !target || !here.resident || here.place.kind !== 'answer' || there.place.kind !== 'answer')
    return states
  const xml = parseXml(here.resident.xml)
  const model = readDomain(xml)
  const [paths, cpu, address] = await Promise.all([
    filesOf(source, model),
    compareCpu(target, model),
    findAddress(source, target, there.place.value.hostname, args),
  ])
  const [onSource, onTarget] = await Promise.all([lookAt(source, paths), lookAt(target, paths)])
  const sides: Sides = {
    args,
    resident: here.resident,
    model,
    source: here.place.value,
    target: there.place.value,
    sourceName,
    cpu,
    address,
    files: paths.map((path) => {
      const disk = model.disks.find((d) => d.source === path)
      const writable = disk !== undefined && disk.device === 'disk' && !disk.readonly
      return { path, source: onSource.get(path), target: onTarget.get(path), writable, cache: disk?.cache }
    }),
  }
  const findings = { ...preflight(sides), address: address ?? '' }
  return { ...states, answered: new Map([...states.answered, [args.to, { ...there, preflight: findings }]]) }
}

/** Asks the destination whether its hypervisor can give the guest its CPU. */
async function compareCpu(target: Reader, model: DomainModel): Promise<Sides['cpu']> {
  const cpu = child(model.xml, 'cpu')
  if (!cpu || cpu.attributes.mode === 'host-passthrough' || cpu.attributes.mode === 'maximum')
    return { fits: true, text: '' }
  const machine = model.machine === undefined ? [] : ['--machine', model.machine]
  const argv = ['hypervisor-cpu-compare', '--virttype', model.type, ...machine, '--error', '--file']
  try {
    await target.libvirt.query(argv, { xml: formatXml(cpu) })
    return { fits: true, text: '' }
  } catch (error) {
    if (!(error instanceof LibvirtError) || error instanceof LibvirtNotAsked) throw error
    if (/incompatible|missing/i.test(error.message)) return { fits: false, text: error.message }
    return undefined
  }
}

/** The destination's address for the guest's memory: said, or what the source makes of its name. */
async function findAddress(
  source: Reader,
  target: Reader,
  hostname: string,
  args: MigrateArgs,
): Promise<string | undefined> {
  const said = args.migrate_address ?? target.variable('fleet_address')
  if (typeof said === 'string' && said !== '') return said
  const answer = await source.read(sh`getent ahosts ${hostname} | awk '{ print $1 }'`)
  return answer.stdout
    .toString()
    .split('\n')
    .find((a) => a !== '' && !/^(?:127\.|::1$|fe80:)/.test(a))
}
