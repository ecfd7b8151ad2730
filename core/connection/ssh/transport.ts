import type { Duplex } from 'node:stream'
import type { ClientChannel } from 'ssh2'
import { resolveEndpoint } from '../config/resolve.ts'
import type { ResolvedEndpoint } from '../config/resolved.ts'
import { ConnectionError } from '../errors.ts'
import type { ByteChannel, ChannelOptions, Transport } from '../transport.ts'
import type { ConnectionEnd, Endpoint } from '../types.ts'
import { Bastions, forwardSocket, forwardTcp } from './bastions.ts'
import type { Login } from './login.ts'
import { isUsable, openSession, startCommand } from './session.ts'

/** sshd allows 10 sessions per connection unless told otherwise. */
const SESSIONS_PER_CONNECTION = 8
/** More connections to one host, each with its sessions, than this are a mistake of ours. */
const MOST_CONNECTIONS = 8
/** What every run needs at once: a shell. */
const FIRST_SESSIONS = 1

interface Line {
  readonly login: Login
  sessions: number
  limit: number
}

/** Logs in with ssh2: one attempt; retries are the pool's. Raises ConnectionError. */
export async function openSsh(
  endpoint: Endpoint,
  options: { signal?: AbortSignal; bastions?: Bastions } = {},
): Promise<Transport> {
  const resolved = await resolveEndpoint(endpoint)
  const bastions = options.bastions ?? new Bastions()
  const enter = async (signal?: AbortSignal, sessions?: number): Promise<Login> => {
    const reaching = bastions.reach(endpoint.name, resolved, signal)
    // ssh2 takes a while to be read the first time: the server starts meanwhile, once the next tick has connected to it.
    const reading = nextTick().then(() => import('./login.ts'))
    const [{ login }, sock] = await Promise.all([reading, reaching])
    return login(endpoint.name, resolved, sock, { signal, ...(sessions !== undefined && { sessions }) })
  }
  return new SshTransport(endpoint.name, resolved, enter, await enter(options.signal, FIRST_SESSIONS))
}

const nextTick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve))

class SshTransport implements Transport {
  readonly description: string
  readonly user: string
  readonly closed: Promise<ConnectionEnd>
  private readonly host: string
  private readonly enter: (signal?: AbortSignal) => Promise<Login>
  private readonly first: Line
  /** The first connection, and those that the server's MaxSessions made necessary. */
  private readonly lines: Line[]
  private entering: Promise<Line> | undefined
  private limit = SESSIONS_PER_CONNECTION
  private closing = false

  constructor(host: string, resolved: ResolvedEndpoint, enter: (signal?: AbortSignal) => Promise<Login>, first: Login) {
    this.host = host
    this.user = resolved.user
    this.enter = enter
    this.first = { login: first, sessions: 0, limit: this.limit }
    this.lines = [this.first]
    this.description = [first.description, ...first.warnings].join('; ')
    this.closed = first.ended.then(() => {
      this.closeLines()
      return this.closing
        ? { expected: true, reason: 'closed' }
        : { expected: false, reason: first.lastError()?.message ?? 'the server closed the connection' }
    })
  }

  openChannel = async (command: string, options: ChannelOptions = {}): Promise<ByteChannel> => {
    for (;;) {
      const line = await this.lineWithRoom()
      line.sessions++
      try {
        const session = await nextSession(line.login)
        const channel = startCommand(line.login.client, session, command, options)
        void channel.exit.then(() => line.sessions--)
        return channel
      } catch (error) {
        line.sessions--
        if (!isSessionLimit(error)) throw this.channelError(error)
        if (line.sessions === 0) {
          throw new ConnectionError(
            'shell',
            this.host,
            `the server allows no session (MaxSessions 0): ${(error as Error).message}`,
          )
        }
        line.limit = line.sessions
        this.limit = Math.min(this.limit, line.limit)
      }
    }
  }

  forward(target: { host: string; port: number } | { socketPath: string }): Promise<Duplex> {
    const { login: first } = this.first
    return 'socketPath' in target
      ? forwardSocket(first, this.host, target.socketPath)
      : forwardTcp(first, this.host, target.host, target.port)
  }

  async reconnectCheck(signal?: AbortSignal): Promise<void> {
    // That one gets in is proven: a way that is lost right then must not hold anybody up.
    const again = await this.enter(signal)
    again.leave()
  }

  async close(): Promise<void> {
    this.closing = true
    this.first.login.leave()
    this.closeLines()
    const limit = setTimeout(() => this.first.login.client.destroy(), 2000)
    await this.closed
    clearTimeout(limit)
  }

  private closeLines(): void {
    for (const line of this.lines) if (line !== this.first) line.login.leave()
  }

  /** A connection with a free session; one more is opened when all are full. */
  private async lineWithRoom(): Promise<Line> {
    for (;;) {
      const free = this.lines.find((line) => line.sessions < Math.min(line.limit, this.limit))
      if (free) return free
      if (this.lines.length >= MOST_CONNECTIONS) {
        throw new ConnectionError(
          'unsupported',
          this.host,
          `more than ${MOST_CONNECTIONS} connections for its sessions`,
        )
      }
      this.entering ??= this.addLine().finally(() => {
        this.entering = undefined
      })
      await this.entering
    }
  }

  private async addLine(): Promise<Line> {
    const line = { login: await this.enter(), sessions: 0, limit: this.limit }
    if (this.closing) {
      line.login.leave()
      throw new ConnectionError('lost', this.host, 'the connection was closed')
    }
    this.lines.push(line)
    void line.login.ended.then(() => {
      const at = this.lines.indexOf(line)
      if (at > 0) this.lines.splice(at, 1)
    })
    return line
  }

  private channelError(error: unknown): ConnectionError {
    const message = error instanceof Error ? error.message : String(error)
    if (/not connected|no response|connection lost/i.test(message)) {
      return new ConnectionError('lost', this.host, `the connection was lost: ${message}; the command was not sent`)
    }
    return new ConnectionError('shell', this.host, `the server refused to start a shell: ${message}`)
  }
}

/** One that was asked for ahead and is still open, or a new one. */
async function nextSession({ client, sessions, isOpen }: Login): Promise<ClientChannel> {
  if (!isOpen()) throw new Error('Not connected')
  for (let ahead = sessions.shift(); ahead; ahead = sessions.shift()) {
    const channel = await ahead.channel
    if (isUsable(channel)) return channel
  }
  return openSession(client).channel
}

/** sshd refuses one session too many with `open failed`; other servers with a resource shortage. */
const isSessionLimit = (error: unknown): boolean =>
  error instanceof Error && /channel open failure/i.test(error.message)
