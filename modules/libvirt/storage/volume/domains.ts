import { definedDomains, filesIn } from '../../../../core/libvirt/images/places.ts'
import type { LibvirtReader } from '../../../../core/libvirt/types.ts'
import { type DomainDisk, readDomain } from '../../../../core/libvirt/xml/domain.ts'

/** A machine and its disks, live and of its next boot; volumes by their files. */
export interface DomainDisks {
  readonly name: string
  readonly running: boolean
  /** Its memory is saved, and belongs to what is on its disks. */
  readonly saved: boolean
  readonly disks: readonly DomainDisk[]
  /** Every file that it names, those below its disks too. */
  readonly files: readonly string[]
}

/** All machines of the host, at the price of definedDomains. */
export async function disksOfDomains(libvirt: LibvirtReader): Promise<DomainDisks[]> {
  return (await definedDomains(libvirt)).map(({ summary, running, definitions }) => ({
    name: summary.name,
    running,
    saved: summary.managedSave,
    disks: definitions.flatMap((xml) => readDomain(xml).disks),
    files: definitions.flatMap(filesIn),
  }))
}

/** Files that a machine may be writing to, or will go on writing to with memory that belongs to them. */
export const writtenBy = ({ running, saved, disks }: DomainDisks): string[] =>
  running || saved
    ? disks.flatMap((disk) => (disk.readonly || disk.source?.startsWith('/') !== true ? [] : [disk.source]))
    : []
