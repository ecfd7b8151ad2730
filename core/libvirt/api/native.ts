import type { Readable } from 'node:stream'
import type { DomainJob } from './states.ts'

/*
 * What only the RPC can do.
 */

/** Something that happened to a domain, told by the daemon as it happens. */
export type DomainEvent = { readonly name: string; readonly uuid: string } & (
  | { readonly kind: 'lifecycle'; readonly event: LifecycleEvent; readonly detail: number }
  | { readonly kind: 'reboot' }
  | { readonly kind: 'device removed' | 'device removal failed'; readonly alias: string }
  | { readonly kind: 'agent lifecycle'; readonly connected: boolean }
  | { readonly kind: 'migration iteration'; readonly iteration: number }
  | { readonly kind: 'job completed'; readonly job: DomainJob }
  | {
      readonly kind: 'block job'
      readonly disk: string
      readonly status: 'completed' | 'failed' | 'canceled' | 'ready' | 'unknown'
    }
)

/** virDomainEventType. */
export type LifecycleEvent =
  | 'defined'
  | 'undefined'
  | 'started'
  | 'suspended'
  | 'resumed'
  | 'stopped'
  | 'shutdown'
  | 'pmsuspended'
  | 'crashed'
  | 'unknown'

export interface Subscription {
  /** Settles if events end before they were given up: the daemon went away, and anything may have happened since. */
  readonly lost: Promise<Error>
  end(): Promise<void>
}

export interface TransferOptions {
  /** Where in the volume it begins, in bytes. */
  readonly offset?: number
  /** Not more than that; 0, the default: to the end. */
  readonly length?: number
  readonly signal?: AbortSignal
}

export interface NativeLibvirt {
  /** Events of all domains, from when this settles. */
  subscribe(kinds: readonly DomainEvent['kind'][], listener: (event: DomainEvent) => void): Promise<Subscription>
  /**
   * Writes into a volume that is there; settles when the daemon has everything. Without offset and length the content is the
   * whole volume: long runs of zeros are left out, and a file that was longer may be cut off.
   */
  uploadVolume(pool: string, volume: string, content: Readable, options?: TransferOptions): Promise<void>
  /** A volume's bytes; holes are given as zeros. */
  downloadVolume(pool: string, volume: string, options?: TransferOptions): Promise<Readable>
}
