import type { Client, ClientChannel } from 'ssh2'

/*
 * What of ssh2 lies below its interface, and is used to send at once what it sends a round trip later each. The package is
 * pinned to the version this was read in (1.17.0); test/contract/connection/trips.test.ts counts the round trips.
 */

export interface Internals {
  readonly _protocol: ProtocolInternals
  readonly _chanMgr: { add(opened: Opened): number; remove(id: number): void }
  /** The server's software, once it has said it: `OpenSSH_9.2p1`. */
  readonly _remoteVer?: string
}

export type Opened = ((error: Error | undefined, channel: ClientChannel) => void) & { type: 'session' }

export interface PublicKey {
  readonly type: string
  getPublicSSH(): Buffer
}

/** Is given what to sign, and gives the signature on. */
export type SignRequest = (data: Buffer, done: (signature: Buffer) => void) => void

export interface ProtocolInternals {
  service(name: string): void
  /** Without `sign`, only asks whether the key would do. */
  authPK(user: string, key: PublicKey, algorithm: string | undefined, sign?: SignRequest): void
  session(id: number, window: number, packet: number): void
  exec(remote: number, command: string, wantReply: boolean): void
  pty(
    remote: number,
    rows: number,
    columns: number,
    height: number,
    width: number,
    term: string,
    modes: Readonly<Record<string, number>>,
    wantReply: boolean,
  ): void
  readonly _handlers: Record<string, ((...args: unknown[]) => void) | undefined>
}

export interface ChannelInternals {
  readonly _callbacks: ((failed: boolean | Error) => void)[]
  readonly outgoing: { readonly id: number; readonly state: 'open' | 'eof' | 'closing' | 'closed' }
  allowHalfOpen: boolean
  subtype: string | undefined
}

export const internals = (client: Client): Internals => client as unknown as Internals
export const channelInternals = (channel: ClientChannel): ChannelInternals & ClientChannel =>
  channel as unknown as ChannelInternals & ClientChannel
