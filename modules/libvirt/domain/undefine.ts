import { readDomain } from '../../../core/libvirt/xml/domain.ts'
import type { Element } from '../../../core/libvirt/xml/element.ts'
import type { FoundDomain } from './probe.ts'
import { hasFirmware } from './variables.ts'

/** Flags of `virsh undefine`: only what the domain has, because older versions refuse flags they do not know. */
export function undefineFlags(found: FoundDomain, keepNvram: boolean): string[] {
  const xml = found.config ?? found.live
  return [
    ...(found.summary.managedSave ? ['--managed-save'] : []),
    ...(found.snapshots > 0 ? ['--snapshots-metadata'] : []),
    ...(found.checkpoints > 0 ? ['--checkpoints-metadata'] : []),
    ...(xml ? stateFlags(xml, keepNvram) : []),
  ]
}

/** For what libvirt keeps of a domain beside its definition: while it is not told what becomes of that, the definition stays. */
export function stateFlags(domain: Element, keepNvram = false): string[] {
  return [
    ...(hasFirmware(domain) ? [keepNvram ? '--keep-nvram' : '--nvram'] : []),
    ...(readDomain(domain).tpm ? ['--tpm'] : []),
  ]
}
