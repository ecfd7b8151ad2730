import { setTimeout as delay } from 'node:timers/promises'
import pLimit from 'p-limit'
import { backOff } from './back-off.ts'
import { PasswordTrials } from './become/trials.ts'
import { HostConnection } from './connection.ts'
import { ConnectionError, type ConnectionFailure } from './errors.ts'
import { localTransport } from './local/transport.ts'
import { openOpenssh } from './openssh/transport.ts'
import type { Bastions } from './ssh/bastions.ts'
import type { Transport } from './transport.ts'
import type { Connection, ConnectionPool, Endpoint } from './types.ts'

/** Handshakes at once: each is some 4 ms of our CPU, so that the last of them is not late for its time limit. */
const HANDSHAKES = 100
/** With one server: sshd begins to drop connections at 10 that are not logged in (MaxStartups 10:30:100). */
const HANDSHAKES_PER_SERVER = 8
const DEFAULT_RETRIES = 3
/** What another attempt may heal. Never a refused key or credential. */
const PASSING: readonly ConnectionFailure[] = ['refused', 'timeout', 'unreachable', 'lost']
/** After a refused credential a host is left alone for so long, as sshd's penalties want it. */
const AFTER_AUTH_FAILURE_MS = 5000

export interface PoolOptions {
  readonly handshakes?: number
  /** Between TERM and KILL for what is ended on a host; default 5000. */
  readonly graceMs?: number
  /** How one attempt is made; the default opens the endpoint's transport. */
  readonly open?: (endpoint: Endpoint, signal: AbortSignal) => Promise<Transport>
}

/** One connection per endpoint, opened with retries. */
export function connectionPool(options: PoolOptions = {}): ConnectionPool {
  return new Pool(options)
}

type Limit = ReturnType<typeof pLimit>

/**
 * The sshd that is logged in to. Where each host has a way of its own through a bastion (a ProxyCommand, the system's ssh),
 * that is the bastion's; ours go through one connection, see ssh/bastions.ts.
 */
function serverOf({ address, port, proxyCommand, proxyJump, transport }: Endpoint): string {
  const bastion = proxyCommand ?? (transport === 'openssh' && proxyJump !== 'none' ? proxyJump : undefined)
  return bastion ?? `${address}:${port ?? ''}`
}

interface Entry {
  readonly key: string
  readonly connection: Promise<Connection>
  readonly stop: AbortController
  /** Callers who wait for it to open; when the last is gone, so is the attempt. */
  waiting: number
  isOpen: boolean
}

class Pool implements ConnectionPool {
  private readonly options: PoolOptions
  private readonly entries = new Map<string, Entry>()
  private readonly handshake
  private bastions: Bastions | undefined
  private readonly trials = new PasswordTrials()
  /** When a server may be tried again after a refused credential. */
  private readonly notBefore = new Map<string, number>()
  private readonly servers = new Map<string, Limit>()

  constructor(options: PoolOptions) {
    this.options = options
    this.handshake = pLimit(options.handshakes ?? HANDSHAKES)
  }

  async get(endpoint: Endpoint, signal?: AbortSignal): Promise<Connection> {
    signal?.throwIfAborted()
    const entry = this.entryOf(endpoint)
    entry.waiting++
    let aborted: (() => void) | undefined
    try {
      if (!signal) return await entry.connection
      return await Promise.race([
        entry.connection,
        new Promise<never>((_resolve, reject) => {
          aborted = () => reject(signal.reason)
          signal.addEventListener('abort', aborted, { once: true })
        }),
      ])
    } finally {
      if (aborted) signal?.removeEventListener('abort', aborted)
      entry.waiting--
      if (signal?.aborted && entry.waiting === 0 && !entry.isOpen) entry.stop.abort(signal.reason)
    }
  }

  async forget(name: string): Promise<void> {
    const entry = this.entries.get(name)
    this.entries.delete(name)
    await this.end(entry)
  }

  async closeAll(): Promise<void> {
    const entries = [...this.entries.values()]
    this.entries.clear()
    await Promise.all(entries.map((entry) => this.end(entry)))
  }

  private async end(entry: Entry | undefined): Promise<void> {
    entry?.stop.abort(new ConnectionError('lost', '', 'the connection was given up'))
    await entry?.connection.then(
      (connection) => connection.close(),
      () => undefined,
    )
  }

  private entryOf(endpoint: Endpoint): Entry {
    // How often it is tried is no part of what it is.
    const key = JSON.stringify({ ...endpoint, retries: undefined })
    const known = this.entries.get(endpoint.name)
    // One that was given up ends with the reason of those who did.
    if (known && known.key === key && !known.stop.signal.aborted) return known
    if (known) void this.end(known)
    const stop = new AbortController()
    const entry: Entry = { key, connection: this.connect(endpoint, stop.signal), stop, waiting: 0, isOpen: false }
    this.entries.set(endpoint.name, entry)
    const drop = (): void => {
      if (this.entries.get(endpoint.name) === entry) this.entries.delete(endpoint.name)
    }
    entry.connection.then((connection) => {
      entry.isOpen = true
      void connection.closed.then(drop)
    }, drop)
    return entry
  }

  private async connect(endpoint: Endpoint, signal: AbortSignal): Promise<Connection> {
    const retries = endpoint.retries ?? DEFAULT_RETRIES
    const server = serverOf(endpoint)
    for (let attempt = 0; ; attempt++) {
      const wait = (this.notBefore.get(server) ?? 0) - Date.now()
      if (wait > 0) await delay(wait, undefined, { signal })
      try {
        const transport = await this.serverLimit(server)(() =>
          this.handshake(() => {
            signal.throwIfAborted()
            return this.open(endpoint, signal)
          }),
        )
        const { graceMs } = this.options
        return new HostConnection(endpoint, transport, {
          proof: this.trials,
          ...(graceMs !== undefined && { graceMs }),
        })
      } catch (error) {
        const failure = error instanceof ConnectionError ? error.failure : undefined
        if (failure === 'auth') this.notBefore.set(server, Date.now() + AFTER_AUTH_FAILURE_MS)
        if (!failure || !PASSING.includes(failure) || attempt >= retries) throw error
        await delay(backOff(attempt, error as Error), undefined, { signal })
      }
    }
  }

  private serverLimit(server: string): Limit {
    let limit = this.servers.get(server)
    if (!limit) {
      limit = pLimit(HANDSHAKES_PER_SERVER)
      this.servers.set(server, limit)
    }
    return limit
  }

  private open(endpoint: Endpoint, signal: AbortSignal): Promise<Transport> {
    if (this.options.open) return this.options.open(endpoint, signal)
    switch (endpoint.transport) {
      case 'ssh':
        return this.openSsh(endpoint, signal)
      case 'openssh':
        return openOpenssh(endpoint, signal)
      case 'local':
        return Promise.resolve(localTransport(endpoint))
    }
  }

  /** ssh2 is a large part of the program: it is read only where it is used. */
  private async openSsh(endpoint: Endpoint, signal: AbortSignal): Promise<Transport> {
    const [{ openSsh }, { Bastions }] = await Promise.all([import('./ssh/transport.ts'), import('./ssh/bastions.ts')])
    this.bastions ??= new Bastions()
    return openSsh(endpoint, { signal, bastions: this.bastions })
  }
}
