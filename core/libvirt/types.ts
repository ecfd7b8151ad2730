import type { DomainReader, DomainWriter } from './api/domains.ts'
import type { HostReader } from './api/host.ts'
import type { NativeLibvirt } from './api/native.ts'
import type { NetworkReader, NetworkWriter } from './api/networks.ts'
import type { StorageReader, StorageWriter } from './api/storage.ts'

/*
 * libvirt on one host, as modules see it: rpc/ speaks to the daemon itself, virsh/ through virsh. Both pass
 * test/contract/libvirt/api. What is given in one tick is done as if in that order: a read sees the writes before it.
 * Return codes are not trusted: writers are followed by a probe.
 */

export type * from './api/domains.ts'
export type * from './api/host.ts'
export type * from './api/native.ts'
export type { Lease, NetworkSection, NetworkSummary, NetworkUpdate } from './api/networks.ts'
export type * from './api/states.ts'
export type { PoolInfo, PoolSummary, VolumeInfo, WipeAlgorithm } from './api/storage.ts'
export { LibvirtError, LibvirtLost, LibvirtNotAsked, LibvirtUnavailable } from './errors.ts'

/** Reads; undefined where libvirt is not installed or does not run is given by `available`. */
export interface LibvirtReader extends HostReader, DomainReader, NetworkReader, StorageReader {
  /**
   * Any other reading virsh command, as an argument vector without `virsh`; xml is given as its last file argument. Raises
   * LibvirtError. Always by virsh.
   */
  query(argv: readonly string[], options?: { xml?: string }): Promise<string>
}

/** Also changes. Every call raises LibvirtError with libvirt's own text and, where known, its code. */
export interface Libvirt extends LibvirtReader, DomainWriter, NetworkWriter, StorageWriter {
  setAutostart(kind: 'domain' | 'network' | 'pool', name: string, on: boolean): Promise<void>
  /** Any other virsh command that changes something, as an argument vector; xml is given as its last file argument. */
  command(
    argv: readonly string[],
    options?: { xml?: string; timeoutMs?: number; signal?: AbortSignal },
  ): Promise<string>
  /** Events and transfers; undefined where only virsh reaches the daemon. */
  native(): Promise<NativeLibvirt | undefined>
}
