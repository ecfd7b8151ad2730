import {
  type Become,
  type CommandOptions,
  type CommandResult,
  type Connection,
  ConnectionError,
  type ConnectionPool,
  type Endpoint,
  type ShellText,
} from '../connection/index.ts'
import { createRpc, preferRpc, RpcSessions } from '../libvirt/rpc/index.ts'
import type { Libvirt } from '../libvirt/types.ts'
import { createVirsh } from '../libvirt/virsh/virsh.ts'

/** How a host and its libvirt are reached, and as whom. */
export interface HostAccess {
  readonly endpoint: Endpoint
  /** Undefined: the login user. */
  readonly become: Become | undefined
  /** `qemu:///system`. */
  readonly uri: string
}

interface Reached {
  readonly connection: Connection
  readonly sessions: RpcSessions
}

/** A look at a host that takes longer hangs. */
const READ_TIMEOUT_MS = 180_000
const FAREWELL_MS = 1000

/** One host of the fleet. Nothing is opened before it is needed; what was lost is opened anew. */
export class FleetHost {
  readonly name: string
  readonly access: HostAccess
  readonly libvirt: Libvirt
  readonly #pool: ConnectionPool
  #reached: Promise<Reached> | undefined
  /** Once it is. */
  #open: Reached | undefined
  #closed = false

  constructor(access: HostAccess, pool: ConnectionPool) {
    this.name = access.endpoint.name
    this.access = access
    this.#pool = pool
    const { uri, become } = access
    const key = { uri, ...(become && { become }) }
    const session = async () => (await this.#reach()).sessions.get(key)
    const another = async () => (await this.#reach()).sessions.another(key)
    const run = (script: ShellText, options?: CommandOptions) => this.run(script, options)
    const virsh = createVirsh({ uri, read: run, run })
    this.libvirt = preferRpc(createRpc({ session, another, virsh }), session, virsh)
  }

  /** Raises ConnectionError. */
  async connection(): Promise<Connection> {
    return (await this.#reach()).connection
  }

  /** A script, as the user that libvirt is spoken to as. */
  async run(script: ShellText, options: CommandOptions = {}): Promise<CommandResult> {
    const shell = await (await this.connection()).shell(this.access.become)
    return shell.run(script, { timeoutMs: READ_TIMEOUT_MS, timeoutBy: 'controller', ...options })
  }

  /** What is still on its way is the pool's to end; a libvirt that hangs is not waited for. */
  async close(): Promise<void> {
    // A call that fails now would ask for another connection.
    this.#closed = true
    if (!this.#open) return
    const late = new Promise<void>((resolve) => setTimeout(resolve, FAREWELL_MS).unref())
    await Promise.race([this.#open.sessions.close(), late])
  }

  #reach(): Promise<Reached> {
    if (this.#closed) return Promise.reject(new ConnectionError('lost', this.name, 'the connection was closed'))
    if (this.#reached) return this.#reached
    const reached = this.#pool.get(this.access.endpoint).then((connection) => {
      return { connection, sessions: new RpcSessions(connection) }
    })
    this.#reached = reached
    const forget = (): void => {
      if (this.#reached !== reached) return
      this.#reached = undefined
      this.#open = undefined
    }
    reached.then((open) => {
      this.#open = open
      void open.connection.closed.then(forget)
    }, forget)
    return reached
  }
}
