import { isDeepStrictEqual } from 'node:util'
import type { Connection, Endpoint } from '../../connection/types.ts'

/** What a task asks for: a shell of a host, by the name that tells shells apart, and whether the host is to be this run's. */
export interface Wish {
  readonly shell: string
  readonly lease: boolean
}

/** How tasks in their turn asked for a host. */
interface Reach {
  readonly way: Endpoint
  /** True once the shell is there. */
  readonly shells: Map<string, boolean>
  readonly connection: Promise<Connection>
  /** The same, once the host is this run's. */
  leased: Promise<Connection> | undefined
}

/** What tasks in their turn asked of hosts, as long as the connection is there or on its way: what runs ahead uses nothing else. */
export class Reaches {
  readonly #reaches = new Map<string, Reach>()

  /** A shell says by its name to which endpoint it belongs. */
  knows(host: string, { shell, lease }: Wish): boolean {
    const reach = this.#reaches.get(host)
    if (!reach?.shells.has(shell)) return false
    return !lease || reach.leased !== undefined
  }

  note(endpoint: Endpoint, { shell, lease }: Wish, connection: Promise<Connection>): void {
    let reach = this.#reaches.get(endpoint.name)
    // The pool ends a connection where the host is reached in another way.
    if (!reach || !isSameWay(reach.way, endpoint)) {
      reach = { way: endpoint, shells: new Map(), connection, leased: undefined }
      this.#reaches.set(endpoint.name, reach)
    }
    if (!reach.shells.has(shell)) reach.shells.set(shell, false)
    if (lease) reach.leased ??= connection
    const noted = reach
    const gone = (): void => {
      if (this.#reaches.get(endpoint.name) === noted) this.#reaches.delete(endpoint.name)
    }
    connection.then(({ closed }) => closed.then(gone), gone)
  }

  opened(host: string, shell: string): void {
    const shells = this.#reaches.get(host)?.shells
    if (shells?.has(shell)) shells.set(shell, true)
  }

  isOpen(host: string, shell: string): boolean {
    return this.#reaches.get(host)?.shells.get(shell) ?? false
  }

  /** Rejects where nobody asked for the same. */
  join(host: string, wish: Wish): Promise<Connection> {
    const reach = this.#reaches.get(host)
    if (!reach || !this.knows(host, wish)) return Promise.reject(new Error(`no task has asked for ${host} in its turn`))
    return reach.leased ?? reach.connection
  }

  forget(host: string): void {
    this.#reaches.delete(host)
  }
}

/** How often it is tried is no part of it. */
const isSameWay = (one: Endpoint, other: Endpoint): boolean =>
  one === other || isDeepStrictEqual({ ...one, retries: 0 }, { ...other, retries: 0 })
