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
  /** By URI, the sockets that are tried without a program on the host: the one that led to the daemon; none where none did. */
  readonly #sockets = new Map<string, readonly string[]>()

  constructor(connection: Connection) {
    this.#connection = connection
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
    const sockets = become ? [] : this.#socketsOf(uri)
    if (sockets.length > 0) {
      const wire = await dialSocket(this.#connection, sockets, signal)
      if (wire) {
        this.#sockets.set(uri, [wire.path])
        return openSession(wire, options)
      }
      this.#sockets.delete(uri)
    }
    try {
      const wire = await dialRelay(this.#connection, { uri, ...(become && { become }), ...(signal && { signal }) })
      const session = await openSession(wire, options)
      // A program leads there, the SSH server does not: it has nothing to be asked again.
      if (sockets.length > 0) this.#sockets.set(uri, [])
      return session
    } catch (error) {
      if (!(error instanceof NoRelay) || become || sockets.includes(error.socket)) throw error
      return await this.#lastWay(error, options, signal)
    }
  }

  /** The system's ssh needs processes of its own for a socket, more than a program on the host: there that comes first. */
  #socketsOf(uri: string): readonly string[] {
    if (this.#connection.endpoint.transport === 'openssh') return []
    return this.#sockets.get(uri) ?? systemSockets(uri)
  }

  /** The socket that the host named. Raises `noRelay` where the SSH server does not lead there either. */
  async #lastWay(noRelay: NoRelay, options: SessionOptions, signal: AbortSignal | undefined): Promise<RpcSession> {
    const wire = await dialSocket(this.#connection, [noRelay.socket], signal)
    if (!wire) throw noRelay
    try {
      return await openSession(wire, options)
    } catch (error) {
      // The system's ssh accepts first: that nobody is at the other end shows only as an early end.
      throw error instanceof LibvirtLost ? noRelay : error
    }
  }

  async close(): Promise<void> {
    const open = [...this.#open.values()]
    this.#open.clear()
    await Promise.all(open.map(async (session) => (await session.catch(() => undefined))?.close()))
  }
}
