import type { Duplex } from 'node:stream'

/** A way to a daemon's socket. */
export interface Wire {
  readonly stream: Duplex
  /** Why it has ended: LibvirtUnavailable, LibvirtLost, ConnectionError. Settles once it has. */
  why(): Promise<Error>
}
