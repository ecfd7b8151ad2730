import fc from 'fast-check'
import type { DiskSpec, DomainSpec, NicSpec } from './domain-specification.ts'
import { macOf, targetOf } from './domain-spelling.ts'

/** A change of a specification, and where it must be told; nothing else may be. */
export interface SpecEdit {
  readonly what: string
  readonly edited: DomainSpec
  readonly paths: readonly string[]
}

const NEW_DISK: Omit<DiskSpec, 'n'> = {
  bus: 'virtio',
  device: 'disk',
  format: 'qcow2',
  cache: 'none',
  serial: false,
}

const free = (taken: readonly { readonly n: number }[], limit: number): number =>
  Array.from({ length: limit }, (_, i) => i).find((i) => !taken.some((t) => t.n === i)) ?? limit

/** Every edit that this specification can have. */
export function editsOf(spec: DomainSpec): SpecEdit[] {
  const edit = (what: string, change: Partial<DomainSpec>, ...paths: string[]): SpecEdit => ({
    what,
    edited: { ...spec, ...change },
    paths,
  })
  const disk: DiskSpec = { ...NEW_DISK, n: free(spec.disks, 10) }
  const nic: NicSpec = { n: free(spec.nics, 250), kind: 'network', source: 'vfpa', model: 'virtio', link: undefined }
  const replaced = <T>(list: readonly T[], old: T, by: T): T[] => list.map((one) => (one === old ? by : one))
  return [
    edit('memory', { memoryMiB: spec.memoryMiB + 4 }, 'memory'),
    ...(spec.current === undefined
      ? [edit('vcpus', { vcpus: spec.vcpus + 1 }, 'vcpu')]
      : spec.vcpus > 1
        ? [edit('current vcpus', { current: (spec.current % spec.vcpus) + 1 }, 'vcpu.current')]
        : []),
    edit('title', { title: 'another' }, 'title'),
    edit(
      'shares',
      { shares: (spec.shares ?? 100) + 1 },
      ...(spec.shares === undefined && spec.pins.length === 0 ? ['cputune'] : ['cputune.shares']),
    ),
    ...(spec.boot === 'order'
      ? []
      : [edit('a disk more', { disks: [...spec.disks, disk] }, `devices.disk[${targetOf(disk)}]`)]),
    edit('an interface more', { nics: [...spec.nics, nic] }, `devices.interface[${macOf(nic)}]`),
    edit('a channel more', { channels: [...spec.channels, 'net.new'] }, 'devices.channel[net.new]'),
    ...spec.disks
      .filter((d) => d.device === 'disk')
      .map((d) => {
        const by = { ...d, cache: d.cache === 'none' ? ('writeback' as const) : ('none' as const) }
        return edit(
          `cache of ${targetOf(d)}`,
          { disks: replaced(spec.disks, d, by) },
          `devices.disk[${targetOf(d)}].driver.cache`,
        )
      }),
    ...spec.nics.map((n) => {
      const by = { ...n, source: n.source === 'vfpa' ? ('vfpb' as const) : ('vfpa' as const) }
      return edit(
        `source of ${macOf(n)}`,
        { nics: replaced(spec.nics, n, by) },
        `devices.interface[${macOf(n)}].source.${n.kind}`,
      )
    }),
    ...spec.nics.map((n) => {
      const by = { ...n, model: n.model === 'virtio' ? ('e1000' as const) : ('virtio' as const) }
      return edit(
        `model of ${macOf(n)}`,
        { nics: replaced(spec.nics, n, by) },
        `devices.interface[${macOf(n)}].model.type`,
      )
    }),
    ...spec.disks.map((d) =>
      edit(
        `no ${targetOf(d)}`,
        { disks: spec.disks.filter((o) => o !== d), boot: spec.boot === 'order' ? 'none' : spec.boot },
        `devices.disk[${targetOf(d)}]`,
      ),
    ),
    ...spec.nics.map((n) =>
      edit(`no ${macOf(n)}`, { nics: spec.nics.filter((o) => o !== n) }, `devices.interface[${macOf(n)}]`),
    ),
    ...spec.channels.map((c) =>
      edit(`no ${c}`, { channels: spec.channels.filter((o) => o !== c) }, `devices.channel[${c}]`),
    ),
  ]
}

/** A specification and one of its edits. */
export const editOf = (spec: DomainSpec): fc.Arbitrary<SpecEdit> => fc.constantFrom(...editsOf(spec))
