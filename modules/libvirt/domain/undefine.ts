import { readDomain } from '../../../core/libvirt/xml/domain.ts'
import type { FoundDomain } from './probe.ts'

/** Flags of `virsh undefine`: only what the domain has, because older versions refuse flags they do not know. */
export function undefineFlags(found: FoundDomain, keepNvram: boolean): string[] {
  const xml = found.config ?? found.live
  const model = xml && readDomain(xml)
  return [
    ...(found.summary.managedSave ? ['--managed-save'] : []),
    ...(found.snapshots > 0 ? ['--snapshots-metadata'] : []),
    ...(found.checkpoints > 0 ? ['--checkpoints-metadata'] : []),
    ...(model?.nvram === undefined ? [] : [keepNvram ? '--keep-nvram' : '--nvram']),
    ...(model?.tpm ? ['--tpm'] : []),
  ]
}
