import { readDomain } from '../../../core/libvirt/xml/domain.ts'
import { child, type Element } from '../../../core/libvirt/xml/element.ts'
import type { FoundDomain } from './probe.ts'

/** Flags of `virsh undefine`: only what the domain has, because older versions refuse flags they do not know. */
export function undefineFlags(found: FoundDomain, keepNvram: boolean): string[] {
  const xml = found.config ?? found.live
  const model = xml && readDomain(xml)
  return [
    ...(found.summary.managedSave ? ['--managed-save'] : []),
    ...(found.snapshots > 0 ? ['--snapshots-metadata'] : []),
    ...(found.checkpoints > 0 ? ['--checkpoints-metadata'] : []),
    ...(xml && hasFirmware(xml) ? [keepNvram ? '--keep-nvram' : '--nvram'] : []),
    ...(model?.tpm ? ['--tpm'] : []),
  ]
}

/** libvirt makes the file with the variables at the first start, and does not always say so in the definition. */
export function hasFirmware(domain: Element): boolean {
  const os = child(domain, 'os')
  return os?.attributes.firmware === 'efi' || child(os, 'nvram') !== undefined || child(os, 'loader') !== undefined
}
