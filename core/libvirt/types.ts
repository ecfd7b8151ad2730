/*
 * libvirt on one host, as modules see it. The implementation on virsh (virsh/) batches: calls made in one tick travel as
 * one script. Native RPC is to fill the same interface. Return codes are not trusted: writers are followed by a probe.
 */

export type DomainState =
  | 'running'
  | 'blocked'
  | 'paused'
  | 'shutdown'
  | 'shut off'
  | 'crashed'
  | 'pmsuspended'
  | 'no state'

export interface DomainSummary {
  readonly name: string
  readonly uuid: string
  readonly state: DomainState
  /** libvirt's reason for the state: `booted`, `migrated`, `user`, `ioerror`. */
  readonly reason: string
  readonly persistent: boolean
  readonly autostart: boolean
  readonly managedSave: boolean
}

export interface LibvirtVersions {
  /** As libvirt writes them: `9.0.0`, `7.2.13`. */
  readonly library: string
  readonly hypervisor: string | undefined
}

/** Reads; undefined where libvirt is not installed or does not run is given by `available`. */
export interface LibvirtReader {
  /** Whether a daemon answers on that host, and if not, why: `not installed`, `not running`, or the error's text. */
  available(): Promise<{ ok: true; versions: LibvirtVersions } | { ok: false; reason: string }>
  domains(): Promise<DomainSummary[]>
  /** Undefined if there is no such domain. inactive: the persistent definition; else the live one while it runs. */
  domainXml(
    name: string,
    options?: { inactive?: boolean; migratable?: boolean; secure?: boolean },
  ): Promise<string | undefined>
  networks(): Promise<
    { name: string; uuid: string; active: boolean; autostart: boolean; persistent: boolean; bridge?: string }[]
  >
  networkXml(name: string, options?: { inactive?: boolean }): Promise<string | undefined>
  leases(network: string): Promise<{ mac: string; address: string; hostname?: string; expiry: string }[]>
  pools(): Promise<{ name: string; uuid: string; active: boolean; autostart: boolean; persistent: boolean }[]>
  poolXml(name: string, options?: { inactive?: boolean }): Promise<string | undefined>
  volumes(pool: string): Promise<{ name: string; path: string }[]>
  volumeXml(pool: string, name: string): Promise<string | undefined>
  capabilities(): Promise<string>
  /**
   * Any other reading virsh command, as an argument vector without `virsh`; xml is given as its last file argument. Raises
   * LibvirtError.
   */
  query(argv: readonly string[], options?: { xml?: string }): Promise<string>
}

/** Also changes. Every call raises LibvirtError with libvirt's own text and, where known, its code. */
export interface Libvirt extends LibvirtReader {
  defineDomain(xml: string): Promise<void>
  startDomain(name: string, options?: { paused?: boolean }): Promise<void>
  /** Asks the guest; returns at once. */
  shutdownDomain(name: string): Promise<void>
  destroyDomain(name: string): Promise<void>
  undefineDomain(name: string, flags: readonly string[]): Promise<void>
  setAutostart(kind: 'domain' | 'network' | 'pool', name: string, on: boolean): Promise<void>
  defineNetwork(xml: string): Promise<void>
  definePool(xml: string): Promise<void>
  /** Any other virsh command that changes something, as an argument vector; xml is given as its last file argument. */
  command(
    argv: readonly string[],
    options?: { xml?: string; timeoutMs?: number; signal?: AbortSignal },
  ): Promise<string>
}

/** libvirt said no. `code` is libvirt's virErrorNumber where it could be told (42: no domain), else undefined. */
export class LibvirtError extends Error {
  readonly code: number | undefined
  constructor(message: string, code?: number) {
    super(message)
    this.name = 'LibvirtError'
    this.code = code
  }
}

/** The host could not even ask libvirt: no folder for a temporary file, a full disk. Never an answer of libvirt's. */
export class LibvirtNotAsked extends LibvirtError {}
