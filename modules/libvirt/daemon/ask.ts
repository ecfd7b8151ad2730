import type { LibvirtReader } from '../../../core/libvirt/types.ts'
import { type Change, ModuleFailure, type Reader, UNKNOWN } from '../../../core/module/types.ts'

/**
 * What libvirt on a host said. missing: it is not installed, so there is nothing yet; silent: it is installed and does not
 * answer, so what there is is not known.
 */
export type Answer<T> = { readonly kind: 'answer'; readonly value: T } | Silence
export interface Silence {
  readonly kind: 'missing' | 'silent'
  readonly reason: string
}

/** Reads from libvirt in one round trip together with whether it answers at all. */
export async function ask<T>(host: Reader, read: (libvirt: LibvirtReader) => Promise<T>): Promise<Answer<T>> {
  const [available, result] = await Promise.allSettled([host.libvirt.available(), read(host.libvirt)])
  if (available.status === 'rejected') throw available.reason
  if (!available.value.ok) {
    const { reason } = available.value
    return { kind: reason === 'not installed' ? 'missing' : 'silent', reason }
  }
  if (result.status === 'rejected') throw result.reason
  return { kind: 'answer', value: result.value }
}

/** The changes of a task whose host's libvirt does not answer: only what comes after could tell. */
export function undecided(path: string, silence: Silence): Change[] {
  return [{ path, after: UNKNOWN, effect: 'now', note: `libvirt does not answer: ${silence.reason}` }]
}

/** Before a change: libvirt must answer. */
export function requireAnswer<T>(answer: Answer<T>): T {
  if (answer.kind === 'answer') return answer.value
  throw new ModuleFailure(`libvirt does not answer: ${answer.reason}`, { hint: hintFor(answer.reason) })
}

function hintFor(reason: string): string {
  if (reason === 'not installed') return 'install it with the module libvirt_host'
  if (reason === 'not running') return 'libvirt_host starts the daemons; see journalctl -u libvirtd -u virtqemud'
  if (reason === 'permission denied') return 'use become: true, or a user of the group libvirt'
  return 'try virsh -c qemu:///system version on the host'
}
