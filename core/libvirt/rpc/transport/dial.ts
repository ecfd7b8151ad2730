import { setImmediate as nextTurn } from 'node:timers/promises'
import { ConnectionError } from '../../../connection/errors.ts'
import type { Become, Channel, Connection } from '../../../connection/types.ts'
import { LibvirtLost, LibvirtUnavailable, type Unavailability } from '../../errors.ts'
import type { Wire } from '../wire/wire.ts'
import { ENDED, localUri, relayScript, SOCKET_MARK } from './script.ts'

export interface DialOptions {
  /** Whose daemon: `qemu:///system`. */
  readonly uri: string
  readonly become?: Become
  readonly signal?: AbortSignal
}

const STDERR_KEPT = 4096

/**
 * A wire to the daemon of that URI, by a relay on the host. That the host has no way to it shows when the wire ends: `why`
 * then is a LibvirtUnavailable. Raises ConnectionError, LibvirtUnavailable.
 */
export async function dialRelay(connection: Connection, { uri, become, signal }: DialOptions): Promise<Wire> {
  const local = localUri(uri)
  if (!local) throw new LibvirtUnavailable('no way', `${uri} is not of a daemon on its own host`)
  const channel = await connection.open(relayScript(uri, local), {
    ...(become && { become }),
    ...(signal && { signal }),
  })
  let said = ''
  channel.stderr.on('data', (bytes: Buffer) => {
    if (said.length < STDERR_KEPT) said += bytes.toString('utf8')
  })
  return { stream: channel.stream, why: () => ending(channel, () => said.slice(0, STDERR_KEPT).trim()) }
}

export interface SocketWire extends Wire {
  /** Which of the sockets it leads to. */
  readonly path: string
}

/**
 * A wire to the first of these sockets on the host that lets us in, through the SSH server (streamlocal) as the login user, without
 * a process there; all are tried in one round trip. Undefined where none does. The signal ends it at any time. Raises AbortError.
 */
export async function dialSocket(
  connection: Connection,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<SocketWire | undefined> {
  signal?.throwIfAborted()
  const opening = paths.map(async (path) => ({ path, stream: await connection.forward({ socketPath: path }) }))
  const over = new AbortController()
  const aborted = new Promise<never>((_, reject) => {
    const leave = (): void => {
      for (const one of opening) one.then(({ stream }) => stream.destroy(), nothing)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', leave, { signal: over.signal })
  })
  const tried = await Promise.race([Promise.allSettled(opening), aborted])
  const [first, ...others] = tried.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  for (const { stream } of others) stream.destroy()
  if (first) first.stream.once('close', () => over.abort())
  else over.abort()
  return first && { ...first, why: () => whyClosed(connection, signal) }
}

/** Ours, the way's, or the daemon's: a connection that is lost ends its channels in the same turn. */
async function whyClosed(connection: Connection, signal: AbortSignal | undefined): Promise<Error> {
  if (signal?.aborted && signal.reason instanceof Error) return signal.reason
  const end = await Promise.race([connection.closed, nextTurn(undefined)])
  if (end) return new ConnectionError('lost', connection.endpoint.name, end.reason)
  return new LibvirtLost('the daemon closed the connection')
}

const nothing = (): undefined => undefined

/** A daemon's socket is there, and no program on the host that could join it. */
export class NoRelay extends LibvirtUnavailable {
  readonly socket: string
  constructor(socket: string) {
    super('no way', `nothing on the host leads to ${socket}: no virt-ssh-helper, no nc that knows -U, no socat`)
    this.socket = socket
  }
}

async function ending(channel: Channel, said: () => string): Promise<Error> {
  try {
    const { status } = await channel.exit
    const text = said()
    if (status === ENDED.noRelay) return new NoRelay(text.slice(text.indexOf(SOCKET_MARK) + SOCKET_MARK.length))
    const reason = reasonOf(status, text)
    if (reason) return new LibvirtUnavailable(reason, text)
    return new LibvirtLost(text === '' ? 'the daemon closed the connection' : text)
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

function reasonOf(status: number, text: string): Unavailability | undefined {
  if (status === ENDED.notInstalled) return 'not installed'
  if (status === ENDED.notRunning) return 'not running'
  if (/No such file or directory|Connection refused/.test(text)) return 'not running'
  if (/Permission denied/.test(text)) return 'permission denied'
  return undefined
}
