import type { Duplex, Readable, Writable } from 'node:stream'
import type { ConnectionEnd, TerminalSize } from './types.ts'

/*
 * What ssh/, openssh/ and local/ each supply; connection.ts makes the whole contract of it. Nothing here knows of a
 * shell's protocol, and shell/ knows of nothing else.
 */

/** One command's three streams, bytes as they are. */
export interface ByteChannel {
  readonly stdin: Writable
  readonly stdout: Readable
  /** Ends at once where a terminal merges both streams. */
  readonly stderr: Readable
  /** Settles, never rejects, when the command or the way to it has ended; without a status if that is not known. */
  readonly exit: Promise<ChannelExit>
  /** Of a terminal; missing where the transport cannot tell it once the command runs. */
  resize?(size: TerminalSize): void
  /** Ends both directions at once; `exit` settles. */
  close(): void
}

export interface ChannelExit {
  readonly status: number | undefined
  /** Why the server did not even start the command. */
  readonly refused?: string
}

export interface ChannelOptions {
  /** With a terminal: no echo, raw, both streams merged. */
  readonly pty?: boolean
  /** Of the terminal; 80 by 24 unless told. */
  readonly size?: TerminalSize
}

/** Starts a command under the login shell, which may not run yet: what is written at once will reach it. Raises ConnectionError. */
export type OpenChannel = (command: string, options?: ChannelOptions) => Promise<ByteChannel>

/** An authenticated way to one host. */
export interface Transport {
  /** Address, user, key algorithm and fingerprint. */
  readonly description: string
  /** The user logged in as. */
  readonly user: string
  readonly openChannel: OpenChannel
  forward(target: { host: string; port: number } | { socketPath: string }): Promise<Duplex>
  /** A new TCP connection, key exchange and authentication, then closed. */
  reconnectCheck(signal?: AbortSignal): Promise<void>
  readonly closed: Promise<ConnectionEnd>
  close(): Promise<void>
}
