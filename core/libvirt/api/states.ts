export type DomainState =
  | 'running'
  | 'blocked'
  | 'paused'
  | 'shutdown'
  | 'shut off'
  | 'crashed'
  | 'pmsuspended'
  | 'no state'

export interface DomainCondition {
  readonly state: DomainState
  /** libvirt's reason for the state: `booted`, `migrated`, `user`, `ioerror`. */
  readonly reason: string
}

export interface DomainSummary extends DomainCondition {
  readonly name: string
  readonly uuid: string
  readonly persistent: boolean
  readonly autostart: boolean
  readonly managedSave: boolean
}

/** A group of virConnectGetAllDomainStats. */
export type StatsGroup =
  | 'state'
  | 'cpu-total'
  | 'balloon'
  | 'vcpu'
  | 'interface'
  | 'block'
  | 'perf'
  | 'iothread'
  | 'memory'
  | 'dirtyrate'

export interface DomainStats {
  readonly name: string
  /** By libvirt's names (`balloon.current`, `block.0.allocation`), as `virsh domstats --raw` writes them; booleans are yes and no. */
  readonly values: Readonly<Record<string, string>>
}

export interface DomainInterface {
  readonly name: string
  readonly mac: string | undefined
  readonly addresses: readonly { readonly address: string; readonly prefix: number }[]
}

/** What a domain is busy with (a migration, a save); sizes in bytes, and by virsh rounded as it prints them. */
export interface DomainJob {
  readonly type: 'none' | 'bounded' | 'unbounded' | 'completed' | 'failed' | 'cancelled'
  readonly elapsedMs: number | undefined
  readonly total: number | undefined
  readonly processed: number | undefined
  readonly remaining: number | undefined
}

export interface BlockJob {
  readonly type: 'unknown' | 'pull' | 'copy' | 'commit' | 'active commit' | 'backup'
  /** The job is done, or (copy, active commit) ready to pivot, when current has come to end. */
  readonly current: number
  readonly end: number
}
