import type { Client, ClientChannel } from 'ssh2'
import type { ByteChannel, ChannelOptions } from '../transport.ts'
import { byteChannel } from './channel.ts'
import { channelInternals, internals, type Opened } from './internals.ts'

/** What ssh2 tells the server of its own window and packets, for each channel. */
const WINDOW = 2 * 1024 * 1024
const PACKET = 32 * 1024

/** A terminal without echo, line editing, signals or translation. */
const RAW_TERMINAL = { ECHO: 0, ICANON: 0, ISIG: 0, IEXTEN: 0, OPOST: 0, ICRNL: 0, INLCR: 0, IXON: 0, IXOFF: 0 }

/** A session in which no command was started yet. */
export interface OpenSession {
  readonly channel: Promise<ClientChannel>
  /** It was asked for at a time when the server did not listen: no answer will come. */
  forget(): void
}

/** Asks for a session; the server's refusal is the rejection. Nothing needs to hear it. */
export function openSession(client: Client): OpenSession {
  const { _chanMgr: channels, _protocol: protocol } = internals(client)
  let id = -1
  const channel = new Promise<ClientChannel>((resolve, reject) => {
    const opened = (error: Error | undefined, opened: ClientChannel): void => (error ? reject(error) : resolve(opened))
    id = channels.add(Object.assign(opened, { type: 'session' as const }) satisfies Opened)
    if (id < 0) reject(new Error('no free channel'))
    else protocol.session(id, WINDOW, PACKET)
  })
  channel.catch(() => undefined)
  return { channel, forget: () => channels.remove(id) }
}

/** Whether a command can still be started in it. */
export const isUsable = (channel: ClientChannel): boolean => channelInternals(channel).outgoing.state === 'open'

/**
 * Starts the command without waiting for the server's word: input may follow in the same breath. If the server refuses, the
 * channel ends, and its exit says so.
 */
export function startCommand(
  client: Client,
  channel: ClientChannel,
  command: string,
  { pty = false, size = { columns: 80, rows: 24 } }: ChannelOptions,
): ByteChannel {
  const { _protocol: protocol } = internals(client)
  const inner = channelInternals(channel)
  const { id } = inner.outgoing
  const made = byteChannel(channel, pty)
  const answered =
    (what: string) =>
    (failed: boolean | Error): void => {
      if (failed) made.refuse(failed instanceof Error ? failed.message : `the server refused ${what}`)
    }
  if (pty) {
    inner._callbacks.push(answered('a terminal'))
    protocol.pty(id, size.rows, size.columns, 480, 640, 'dumb', RAW_TERMINAL, true)
  }
  inner._callbacks.push(answered('to start a shell'))
  inner.subtype = 'exec'
  inner.allowHalfOpen = true
  protocol.exec(id, command, true)
  if (!pty) return made
  return { ...made, resize: ({ columns, rows }) => void channel.setWindow(rows, columns, 480, 640) }
}
