import type { LibvirtReader } from '../../../../core/libvirt/types.ts'
import { type DomainDisk, readDomain } from '../../../../core/libvirt/xml/domain.ts'
import { parseXml } from '../../../../core/libvirt/xml/element.ts'
import { filesIn } from '../../image/places.ts'
import { withVolumeFiles } from '../volume-files.ts'

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

/** All machines of the host; two round trips, a third where a disk is a volume. */
export async function disksOfDomains(libvirt: LibvirtReader): Promise<DomainDisks[]> {
  const list = await libvirt.domains()
  return Promise.all(
    list.map(async ({ name, state, persistent, managedSave }) => {
      const running = state !== 'shut off' && state !== 'crashed'
      const texts = await Promise.all([
        libvirt.domainXml(name),
        running && persistent ? libvirt.domainXml(name, { inactive: true }) : undefined,
      ])
      const definitions = await Promise.all(
        texts.flatMap((text) => (text === undefined ? [] : [withVolumeFiles(libvirt, parseXml(text))])),
      )
      return {
        name,
        running,
        saved: managedSave,
        disks: definitions.flatMap((xml) => readDomain(xml).disks),
        files: definitions.flatMap(filesIn),
      }
    }),
  )
}

/** Files that a machine may be writing to, or will go on writing to with memory that belongs to them. */
export const writtenBy = ({ running, saved, disks }: DomainDisks): string[] =>
  running || saved
    ? disks.flatMap((disk) => (disk.readonly || disk.source?.startsWith('/') !== true ? [] : [disk.source]))
    : []
