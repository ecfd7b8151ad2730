import type { Become, Connection } from '../../connection/types.ts'
import { LibvirtLost } from '../errors.ts'
import { openSession, type RpcSession, type SessionOptions } from './session/session.ts'
import { dialRelay, dialSocket, NoRelay } from './transport/dial.ts'
import { systemSockets } from './transport/script.ts'

/** Whose daemon, and as which user of the host. */
export interface SessionKey {
  /** `qemu:///system`. */
  readonly uri: string
  readonly become?: Become
  readonly readonly?: boolean
}

/** The sessions of one connection to a host: one for each daemon and user, opened when first needed, opened anew when lost. */
export class RpcSessions {
  readonly #connection: Connection
  readonly #open = new Map<string, Promise<RpcSession>>()
  /** Whether the socket is tried without a program on the host first. The system's ssh needs processes of its own for that. */
  #direct: boolean

  constructor(connection: Connection) {
    this.#connection = connection
    this.#direct = connection.endpoint.transport !== 'openssh'
  }

  /** Raises LibvirtUnavailable, LibvirtError, ConnectionError; a failure is not kept. */
  get(key: SessionKey): Promise<RpcSession> {
    const { uri, become, readonly } = key
    const name = JSON.stringify([uri, readonly, become && [become.method, become.user, become.exe, become.flags]])
    const known = this.#open.get(name)
    if (known) return known
    const opened = this.#openOne(key, { another: () => this.another(key) })
    this.#open.set(name, opened)
    const forget = (): void => {
      if (this.#open.get(name) === opened) this.#open.delete(name)
    }
    opened.then((session) => void session.closed.then(forget), forget)
    return opened
  }

  /** One that is not shared. */
  another(key: SessionKey, signal?: AbortSignal): Promise<RpcSession> {
    return this.#openOne(key, {}, signal)
  }

  async #openOne(
    { uri, become, readonly = false }: SessionKey,
    more: Pick<SessionOptions, 'another'>,
    signal?: AbortSignal,
  ): Promise<RpcSession> {
    const options = { uri, readonly, ...more }
    // The SSH server opens sockets as the login user, and as nobody else.
    const direct = this.#direct && !become
    const session = direct ? await this.#bySocket(systemSockets(uri), options, signal) : undefined
    if (session) return session
    try {
      const wire = await dialRelay(this.#connection, { uri, ...(become && { become }), ...(signal && { signal }) })
      const relayed = await openSession(wire, options)
      // A program leads there, the SSH server does not: it has nothing to be asked again.
      if (direct) this.#direct = false
      return relayed
    } catch (error) {
      if (!(error instanceof NoRelay) || become || direct) throw error
      const last = await this.#bySocket([error.socket], options, signal)
      if (!last) throw error
      return last
    }
  }

  /** Undefined where the SSH server leads to none of them; the first one that answers otherwise. */
  async #bySocket(
    paths: readonly string[],
    options: SessionOptions,
    signal: AbortSignal | undefined,
  ): Promise<RpcSession | undefined> {
    const wire = await dialSocket(this.#connection, paths, signal)
    if (!wire) return undefined
    try {
      return await openSession(wire, options)
    } catch (error) {
      if (error instanceof LibvirtLost) return undefined
      throw error
    }
  }

  async close(): Promise<void> {
    const open = [...this.#open.values()]
    this.#open.clear()
    await Promise.all(open.map(async (session) => (await session.catch(() => undefined))?.close()))
  }
}
