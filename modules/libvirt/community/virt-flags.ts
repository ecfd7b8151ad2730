import type { DomainSummary, LibvirtReader } from '../../../core/libvirt/types.ts'
import { readDomain } from '../../../core/libvirt/xml/domain.ts'
import { parseXml } from '../../../core/libvirt/xml/element.ts'
import type { VirtArgs } from './virt-args.ts'

/** Flags of `virsh undefine`: those of the task, and with force all that the domain has something for. None deletes a disk. */
export async function undefineFlags(libvirt: LibvirtReader, a: VirtArgs, found: DomainSummary): Promise<string[]> {
  const flags = new Set<string>(a.flags.map((flag) => `--${flag.replaceAll('_', '-')}`))
  if (!a.force) return [...flags]
  const [snapshots, checkpoints, text] = await Promise.all([
    libvirt.snapshots(found.uuid),
    libvirt.checkpoints(found.uuid),
    libvirt.domainXml(found.name, { inactive: true }),
  ])
  if (found.managedSave) flags.add('--managed-save')
  if (snapshots.length > 0) flags.add('--snapshots-metadata')
  if (checkpoints.length > 0) flags.add('--checkpoints-metadata')
  const nvram = text === undefined ? undefined : readDomain(parseXml(text)).nvram
  if (nvram !== undefined && !flags.has('--keep-nvram')) flags.add('--nvram')
  return [...flags]
}
