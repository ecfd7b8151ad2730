import type { Duplex } from 'node:stream'
import type { ResolvedEndpoint } from '../config/resolved.ts'
import { ConnectionError } from '../errors.ts'
import { dial } from './dial.ts'
import { failureOf } from './failure.ts'
import type { Login } from './login.ts'

interface Shared {
  readonly login: Promise<Login>
  /** Ends the attempt once nobody waits for it. */
  readonly stop: AbortController
  users: number
}

/** Bastions of a ProxyJump, each logged in to once for all hosts behind it; closed when the last stream through it is. */
export class Bastions {
  private readonly logins = new Map<string, Shared>()

  /** A stream to the server itself, through its bastions if it has any. */
  async reach(name: string, resolved: ResolvedEndpoint, signal?: AbortSignal): Promise<Duplex> {
    return this.through(name, resolved, resolved.proxyJump, signal)
  }

  private enter(name: string, bastion: ResolvedEndpoint, before: readonly ResolvedEndpoint[]): Shared {
    const stop = new AbortController()
    const { signal } = stop
    const entered = this.through(name, bastion, before, signal).then(async (sock) => {
      const { login } = await import('./login.ts')
      return login(name, bastion, sock, { signal })
    })
    entered.catch(() => undefined)
    return { login: entered, stop, users: 0 }
  }

  private async through(
    name: string,
    target: ResolvedEndpoint,
    jumps: readonly ResolvedEndpoint[],
    signal?: AbortSignal,
  ): Promise<Duplex> {
    const last = jumps.at(-1)
    if (!last) return dial(name, target, signal)
    const before = jumps.slice(0, -1)
    const key = JSON.stringify(jumps.map(bastionKey))
    const entry = this.logins.get(key) ?? this.enter(name, last, before)
    this.logins.set(key, entry)
    entry.users++
    const leave = (): void => {
      entry.users--
      if (entry.users > 0) return
      if (this.logins.get(key) === entry) this.logins.delete(key)
      entry.stop.abort(new ConnectionError('lost', name, 'nobody waits for the bastion any more'))
      void entry.login.then(
        (bastion) => bastion.leave(),
        () => undefined,
      )
    }
    try {
      const bastion = await unlessAborted(entry.login, signal)
      void bastion.ended.then(() => {
        if (this.logins.get(key) === entry) this.logins.delete(key)
      })
      const stream = await forwardInTime(bastion, name, target, signal)
      stream.once('close', leave)
      return stream
    } catch (error) {
      leave()
      signal?.throwIfAborted()
      throw error instanceof ConnectionError
        ? new ConnectionError(error.failure, name, `through ${last.host}: ${error.message}`, error.hint, error)
        : error
    }
  }
}

/** Hosts share a bastion only if they have the same rules for its key, too: else one would use what the other let in unchecked. */
const bastionKey = ({
  user,
  host,
  port,
  hostKeyAlias,
  proxyCommand,
  hostKeys,
  globalKnownHostsFiles,
}: ResolvedEndpoint) => [user, host, port, hostKeyAlias, proxyCommand, hostKeys, globalKnownHostsFiles]

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work
  let aborted: (() => void) | undefined
  try {
    return await Promise.race([
      work,
      new Promise<never>((_resolve, reject) => {
        aborted = () => reject(signal.reason)
        if (signal.aborted) aborted()
        else signal.addEventListener('abort', aborted, { once: true })
      }),
    ])
  } finally {
    if (aborted) signal.removeEventListener('abort', aborted)
  }
}

/** As long as a connection of our own may take: the bastion tries as long as its system likes. */
async function forwardInTime(
  bastion: Login,
  name: string,
  { host, port, connectTimeoutMs }: ResolvedEndpoint,
  signal: AbortSignal | undefined,
): Promise<Duplex> {
  const limit = AbortSignal.timeout(connectTimeoutMs)
  const opening = forwardTcp(bastion, name, host, port)
  try {
    return await unlessAborted(opening, signal ? AbortSignal.any([signal, limit]) : limit)
  } catch (error) {
    opening.then(
      (late) => late.destroy(),
      () => undefined,
    )
    if (error !== limit.reason) throw error
    throw failureOf(name, `${host}:${port}`, new Error(`timed out: no answer in ${connectTimeoutMs / 1000} s`))
  }
}

/** direct-tcpip. Raises ConnectionError `unreachable` with the server's reason. */
export function forwardTcp({ client }: Login, name: string, host: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    client.forwardOut('127.0.0.1', 0, host, port, (error, stream) => {
      if (!error) resolve(stream)
      else
        reject(
          new ConnectionError('unreachable', name, `${host}:${port} cannot be reached from the host: ${error.message}`),
        )
    })
  })
}

/** streamlocal. Raises ConnectionError `unreachable` with the server's reason. */
export function forwardSocket({ client }: Login, name: string, socketPath: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    client.openssh_forwardOutStreamLocal(socketPath, (error: Error | undefined, stream: Duplex) => {
      if (!error) resolve(stream)
      else
        reject(
          new ConnectionError('unreachable', name, `${socketPath} cannot be reached from the host: ${error.message}`),
        )
    })
  })
}
