import type {
  BlockJob,
  DomainCondition,
  DomainInterface,
  DomainJob,
  DomainStats,
  DomainSummary,
  StatsGroup,
} from './states.ts'

/** A domain is named by its name or its UUID; what looks like a UUID is one if there is such a domain. */
export type DomainId = string

/** Which definition a change is for; neither: what virsh's --current means. */
export interface Affects {
  readonly live?: boolean
  readonly config?: boolean
}

export interface DomainReader {
  domains(): Promise<DomainSummary[]>
  /** Undefined if there is no such domain. inactive: the persistent definition; else the live one while it runs. */
  domainXml(
    domain: DomainId,
    options?: { inactive?: boolean; migratable?: boolean; secure?: boolean },
  ): Promise<string | undefined>
  /** Undefined if there is no such domain. */
  domainState(domain: DomainId): Promise<DomainCondition | undefined>
  /** Of all domains unless some are named; every group that is supported unless some are named. */
  domainStats(options?: { domains?: readonly DomainId[]; groups?: readonly StatsGroup[] }): Promise<DomainStats[]>
  /** Addresses of the guest: from the leases of libvirt's networks, its agent, or the host's ARP table. */
  domainAddresses(domain: DomainId, source?: 'lease' | 'agent' | 'arp'): Promise<DomainInterface[]>
  domainJob(domain: DomainId): Promise<DomainJob>
  /** The job on a disk (its target or path); undefined if there is none. */
  blockJob(domain: DomainId, disk: string): Promise<BlockJob | undefined>
  /** The element that is kept in `<metadata>` under that namespace; undefined if there is none. */
  domainMetadata(domain: DomainId, uri: string, options?: { inactive?: boolean }): Promise<string | undefined>
  /** Names; parents before their children where libvirt can (5.2 and later). */
  snapshots(domain: DomainId): Promise<string[]>
  currentSnapshot(domain: DomainId): Promise<string | undefined>
  snapshotXml(domain: DomainId, snapshot: string, options?: { secure?: boolean }): Promise<string | undefined>
  /** Names; none where the driver has no checkpoints. */
  checkpoints(domain: DomainId): Promise<string[]>
  /**
   * Waits until `accept` says yes to the domain's state (undefined: there is no such domain) and answers with it. When the
   * time is up it answers with what is true then, accepted or not. By events over RPC; by asking again and again by virsh.
   */
  awaitDomain(
    domain: DomainId,
    accept: (condition: DomainCondition | undefined) => boolean,
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<DomainCondition | undefined>
}

export interface SnapshotOptions {
  readonly diskOnly?: boolean
  readonly reuseExternal?: boolean
  readonly quiesce?: boolean
  readonly atomic?: boolean
  readonly live?: boolean
  readonly noMetadata?: boolean
  readonly halt?: boolean
  /** Only writes down what libvirt has forgotten. */
  readonly redefine?: boolean
  readonly current?: boolean
}

export interface DomainWriter {
  /**
   * Validated against libvirt's schema unless told: without, libvirt drops elements that it does not know. It costs the daemon
   * some 5 ms; of many domains that come from one template, one is enough.
   */
  defineDomain(xml: string, options?: { validate?: boolean }): Promise<void>
  startDomain(domain: DomainId, options?: { paused?: boolean }): Promise<void>
  /** Asks the guest, by ACPI unless told; returns at once. */
  shutdownDomain(domain: DomainId, options?: { mode?: 'acpi' | 'agent' }): Promise<void>
  rebootDomain(domain: DomainId, options?: { mode?: 'acpi' | 'agent' }): Promise<void>
  resetDomain(domain: DomainId): Promise<void>
  /** graceful: TERM only, so that QEMU can still write what it has. */
  destroyDomain(domain: DomainId, options?: { graceful?: boolean }): Promise<void>
  suspendDomain(domain: DomainId): Promise<void>
  resumeDomain(domain: DomainId): Promise<void>
  /** From a guest's own suspension (pmsuspended). */
  wakeDomain(domain: DomainId): Promise<void>
  /** Flags of `virsh undefine`: --managed-save, --snapshots-metadata, --checkpoints-metadata, --nvram, --keep-nvram, --tpm, --keep-tpm. */
  undefineDomain(domain: DomainId, flags: readonly string[]): Promise<void>
  renameDomain(domain: DomainId, to: string): Promise<void>
  attachDevice(domain: DomainId, xml: string, affects?: Affects): Promise<void>
  /** Of a running guest: asks it; the event `device removed` says when it is gone. */
  detachDevice(domain: DomainId, xml: string, affects?: Affects): Promise<void>
  updateDevice(domain: DomainId, xml: string, affects?: Affects & { force?: boolean }): Promise<void>
  setVcpus(domain: DomainId, count: number, affects?: Affects & { maximum?: boolean }): Promise<void>
  /** In KiB. */
  setMemory(domain: DomainId, kib: number, affects?: Affects & { maximum?: boolean }): Promise<void>
  /** Tells a running guest's disk (target or path) its new size in bytes, and grows its image. */
  resizeBlock(domain: DomainId, disk: string, bytes: number): Promise<void>
  abortJob(domain: DomainId): Promise<void>
  /** pivot: the guest goes on with the new image. */
  abortBlockJob(domain: DomainId, disk: string, options?: { pivot?: boolean; async?: boolean }): Promise<void>
  /** Begins; awaited by the event `block job` or by blockJob. base and top: paths; without them the whole chain, from its top. */
  commitBlock(
    domain: DomainId,
    disk: string,
    options?: { base?: string; top?: string; active?: boolean; delete?: boolean; shallow?: boolean },
  ): Promise<void>
  managedSave(domain: DomainId, options?: { bypassCache?: boolean; running?: boolean; paused?: boolean }): Promise<void>
  removeManagedSave(domain: DomainId): Promise<void>
  /** The element under that namespace and prefix; undefined removes it. */
  setDomainMetadata(
    domain: DomainId,
    metadata: { uri: string; key: string; xml: string | undefined },
    affects?: Affects,
  ): Promise<void>
  createSnapshot(domain: DomainId, xml: string, options?: SnapshotOptions): Promise<void>
  revertSnapshot(
    domain: DomainId,
    snapshot: string,
    options?: { running?: boolean; paused?: boolean; force?: boolean },
  ): Promise<void>
  deleteSnapshot(
    domain: DomainId,
    snapshot: string,
    options?: { children?: boolean; childrenOnly?: boolean; metadataOnly?: boolean },
  ): Promise<void>
  /** A command for the QEMU guest agent, JSON in and out; waits at most that many seconds, libvirt's default without. */
  agentCommand(domain: DomainId, command: string, options?: { timeoutSeconds?: number }): Promise<string>
}
