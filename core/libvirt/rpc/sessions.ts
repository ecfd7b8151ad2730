import { ConnectionError } from '../../connection/errors.ts'
import type { Become, Connection } from '../../connection/types.ts'
import { LibvirtLost } from '../errors.ts'
import { openSession, type RpcSession, type SessionOptions } from './session/session.ts'
import { dialRelay, dialSocket, NoRelay } from './transport/dial.ts'

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

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Raises LibvirtUnavailable, LibvirtError, ConnectionError; a failure is not kept. */
  get(key: SessionKey): Promise<RpcSession> {
    const { uri, become, readonly } = key
    const name = JSON.stringify([uri, readonly, become && [become.method, become.user, become.exe, become.flags]])
    const known = this.#open.get(name)
    if (known) return known
    const opened = this.another(key)
    this.#open.set(name, opened)
    const forget = (): void => {
      if (this.#open.get(name) === opened) this.#open.delete(name)
    }
    opened.then((session) => void session.closed.then(forget), forget)
    return opened
  }

  /** One that is not shared. */
  async another(key: SessionKey, signal?: AbortSignal): Promise<RpcSession> {
    const { uri, become, readonly = false } = key
    const wire = await dialRelay(this.#connection, { uri, ...(become && { become }), ...(signal && { signal }) })
    try {
      return await openSession(wire, { uri, readonly })
    } catch (error) {
      // The SSH server opens sockets as the login user, and as nobody else.
      if (!(error instanceof NoRelay) || become) throw error
      return this.#bySocket(error, { uri, readonly })
    }
  }

  /** The last way: raises `noRelay` where the SSH server does not open sockets either. */
  async #bySocket(noRelay: NoRelay, options: SessionOptions): Promise<RpcSession> {
    try {
      return await openSession(await dialSocket(this.#connection, noRelay.socket), options)
    } catch (error) {
      const refused = error instanceof ConnectionError ? error.failure === 'unreachable' : error instanceof LibvirtLost
      throw refused ? noRelay : error
    }
  }

  async close(): Promise<void> {
    const open = [...this.#open.values()]
    this.#open.clear()
    await Promise.all(open.map(async (session) => (await session.catch(() => undefined))?.close()))
  }
}
