import type { JsonObject } from '../../../core/events/json.ts'
import type { DomainStats, DomainSummary, LibvirtReader } from '../../../core/libvirt/types.ts'
import { readDomain } from '../../../core/libvirt/xml/domain.ts'
import { parseXml } from '../../../core/libvirt/xml/element.ts'
import type { InfoArgs } from './args.ts'
import { byName } from './resources.ts'

/** Domains with their state, memory and disks, by name in its order. */
export async function domainsInfo(libvirt: LibvirtReader, a: InfoArgs): Promise<JsonObject[]> {
  const [summaries, stats] = await Promise.all([
    libvirt.domains(),
    libvirt.domainStats({ groups: ['balloon', 'vcpu', 'interface', 'block'] }),
  ])
  const wanted = summaries.filter(({ name }) => a.domains?.includes(name) ?? true)
  const numbers = new Map(stats.map((one) => [one.name, one.values]))
  const found = await Promise.all(
    wanted.map(async (one) => ({
      ...summaryInfo(one, numbers.get(one.name) ?? {}),
      ...(a.details ? await definition(libvirt, one.name) : {}),
    })),
  )
  return byName(found)
}

/** What the lists and the statistics of all domains tell. */
export function summaryInfo(one: DomainSummary, stats: DomainStats['values']): JsonObject & { name: string } {
  const number = (key: string): number | null => (stats[key] === undefined ? null : Number(stats[key]))
  const items = (kind: string): number[] =>
    Array.from({ length: Math.min(number(`${kind}.count`) ?? 0, 1000) }, (_, i) => i)
  return {
    name: one.name,
    uuid: one.uuid,
    state: one.state,
    reason: one.reason,
    persistent: one.persistent,
    autostart: one.autostart,
    managed_save: one.managedSave,
    memory_kib: number('balloon.current'),
    max_memory_kib: number('balloon.maximum'),
    vcpus: number('vcpu.current'),
    max_vcpus: number('vcpu.maximum'),
    block: items('block').map((i) => ({
      target: stats[`block.${i}.name`] ?? '',
      path: stats[`block.${i}.path`] ?? null,
      capacity: number(`block.${i}.capacity`),
      allocation: number(`block.${i}.allocation`),
    })),
    net: items('net').map((i) => stats[`net.${i}.name`] ?? ''),
  }
}

/** What the definition tells; nothing where the domain has gone meanwhile. */
async function definition(libvirt: LibvirtReader, name: string): Promise<JsonObject> {
  const text = await libvirt.domainXml(name)
  if (text === undefined) return {}
  const model = readDomain(parseXml(text))
  return {
    type: model.type,
    machine: model.machine ?? null,
    cpu_mode: model.cpuMode ?? null,
    nvram: model.nvram ?? null,
    tpm: model.tpm,
    disks: model.disks.map((disk) => ({
      target: disk.target,
      device: disk.device,
      type: disk.type,
      source: disk.source ?? null,
      format: disk.format ?? null,
      readonly: disk.readonly,
      shareable: disk.shareable,
    })),
    interfaces: model.nics.map((nic) => ({ mac: nic.mac ?? null, type: nic.type, source: nic.source ?? null })),
  }
}
