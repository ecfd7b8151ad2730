import { ConnectionError } from '../../connection/errors.ts'
import { inUse, stillAtWork } from '../../connection/lease/holder.ts'
import { acquireLease, HostInUse, type Lease, leaseHolder } from '../../connection/lease/lease.ts'
import type { Become, Connection, Endpoint } from '../../connection/types.ts'
import { RpcSessions } from '../../libvirt/rpc/index.ts'
import type { Run } from '../run-state.ts'
import { Reaches, type Wish } from './reaches.ts'
import { Taking, type Waiter } from './taking.ts'

const LEASE_WAIT_MS = 60_000

/** Another run has the host: the task did not run there. */
export class HostLeased extends Error {}

/** `lease` is false in check mode, for `lease: false`, and for the controller itself. */
export interface ConnectOptions extends Wish, Waiter {
  /** Check mode, where there would be a lease without it: a check run says whose run is at work. */
  readonly watched: boolean
  readonly become?: Become | undefined
  /** The connection is there; no shell needs be, nor the lease. */
  reached(): void
}

/** Connections of the run, and the lease that is taken where a host is first contacted. */
export class Sessions {
  readonly #run: Run
  readonly #reaches = new Reaches()
  readonly #leases = new Map<string, Taking>()
  /** Hosts of a check run that were asked whether somebody else is at work. */
  readonly #watched = new Set<string>()
  #isOver = false
  /** Hosts whose lease was given. */
  readonly #held = new Set<string>()

  readonly #libvirt = new WeakMap<Connection, RpcSessions>()

  constructor(run: Run) {
    this.#run = run
  }

  /** libvirt's sessions on a connection; they end with it. */
  libvirt(connection: Connection): RpcSessions {
    const known = this.#libvirt.get(connection) ?? new RpcSessions(connection)
    this.#libvirt.set(connection, known)
    return known
  }

  /** For a task in its turn. */
  connect(endpoint: Endpoint, options: ConnectOptions): Promise<Connection> {
    this.#keepSecret(endpoint)
    const connecting = this.#run.request.pool.get(endpoint, options.signal)
    connecting.then(
      () => options.reached(),
      () => undefined,
    )
    const isOurs = !options.lease || endpoint.transport === 'local' || this.#held.has(endpoint.name)
    const ready = isOurs ? connecting : this.#leased(connecting, options)
    if (this.#run.check && options.watched && endpoint.transport !== 'local')
      this.#watch(endpoint.name, connecting, options)
    if (!this.#reaches.knows(endpoint.name, options)) this.#reaches.note(endpoint, options, ready)
    return ready
  }

  /** Whether a task in its turn asked for the same. */
  knows(name: string, wish: Wish): boolean {
    return this.#reaches.knows(name, wish)
  }

  /** For what runs ahead: nothing is dialled or leased for it. Rejects where no task in its turn asked for the same. */
  join(name: string, wish: Wish): Promise<Connection> {
    return this.#reaches.join(name, wish)
  }

  async #leased(connecting: Promise<Connection>, options: ConnectOptions): Promise<Connection> {
    const connection = await connecting
    await this.#lease(connection, options)
    return connection
  }

  /** A user's shell on a host is there, by the name that tells shells apart. */
  opened(name: string, shell: string): void {
    this.#reaches.opened(name, shell)
  }

  /** Not of a connection that was lost. */
  isOpen(name: string, shell: string): boolean {
    return this.#reaches.isOpen(name, shell)
  }

  /** A new connection where the old one is gone or must not be used again; the lease was held by the old one. */
  async forget(name: string): Promise<void> {
    await this.release(name)
    await this.#run.request.pool.forget(name)
  }

  /** Until the lease of a host is free again. */
  async release(name: string): Promise<void> {
    this.#reaches.forget(name)
    const taking = this.#leases.get(name)
    this.#leases.delete(name)
    this.#held.delete(name)
    taking?.stop(new ConnectionError('lost', name, `the connection to ${name} was given up`))
    await taking?.lease.then((held) => held?.release()).catch(() => undefined)
  }

  async releaseAll(): Promise<void> {
    this.#isOver = true
    await Promise.all([...this.#leases.keys()].map((name) => this.release(name)))
  }

  /** A check run takes no lease, and says whose run is at work there. */
  #watch(name: string, connecting: Promise<Connection>, { become }: ConnectOptions): void {
    if (this.#watched.has(name)) return
    this.#watched.add(name)
    const look = async (): Promise<void> => {
      const shell = await (await connecting).shell(become)
      const holder = await leaseHolder(shell)
      // A task that is to act even now (`check_mode: false`) takes the lease.
      if (holder === undefined || this.#isOver || (holder !== 'unknown' && holder.run === this.#run.id)) return
      const message = inUse(name, holder === 'unknown' ? undefined : holder)
      this.#run.diagnose([
        { severity: 'warning', code: 'host-in-use', message, hint: 'what is found may be about to change' },
      ])
    }
    // The task that waits for the same shell tells what is wrong with it.
    look().catch(() => undefined)
  }

  #keepSecret(endpoint: Endpoint): void {
    const { password, privateKeyPassphrase } = endpoint
    if (password !== undefined) this.#run.request.redactor.add(password)
    if (privateKeyPassphrase !== undefined) this.#run.request.redactor.add(privateKeyPassphrase)
  }

  async #lease(connection: Connection, options: ConnectOptions): Promise<void> {
    const { name } = connection.endpoint
    const known = this.#leases.get(name)
    // The lease goes with the shell that is opened; what is given to it waits until the host is ours.
    const [taking, shell] =
      known && !known.isGivenUp ? [known] : [this.#take(connection, options), connection.shell(options.become)]
    const [leased, opened] = await Promise.allSettled([taking.ready(options), shell])
    if (leased.status === 'rejected') throw leased.reason
    if (this.#leases.get(name) === taking) this.#held.add(name)
    if (opened.status === 'rejected') throw opened.reason
  }

  #drop(name: string, taking: Taking): void {
    if (this.#leases.get(name) !== taking) return
    this.#reaches.forget(name)
    this.#leases.delete(name)
    this.#held.delete(name)
  }

  /**
   * A connection that broke may leave its holder on the host for a while: what is ours already is not waited for, but taken as soon as that
   * one has given it up.
   */
  #take(connection: Connection, { become }: ConnectOptions): Taking {
    const { name } = connection.endpoint
    const taking = new Taking((signal, ours, tell) => this.#acquire(connection, become, signal, ours, tell))
    this.#leases.set(name, taking)
    taking.lease.then(
      (held) => held?.ended.then(() => this.#drop(name, taking)),
      () => this.#drop(name, taking),
    )
    return taking
  }

  async #acquire(
    connection: Connection,
    become: Become | undefined,
    signal: AbortSignal,
    ours: () => void,
    tell: (message: string) => void,
  ): Promise<Lease | undefined> {
    try {
      return await acquireLease(connection, {
        run: this.#run.id,
        wait: (this.#run.request.leaseWait ?? LEASE_WAIT_MS) / 1000,
        signal,
        ...(become && { become }),
        onWaiting: (holder, left) => {
          const { name } = connection.endpoint
          if (holder?.run === this.#run.id) ours()
          else tell(`${left ? stillAtWork(name, holder) : inUse(name, holder)}; waiting for it`)
        },
      })
    } catch (error) {
      if (error instanceof HostInUse) throw new HostLeased(error.message)
      if (error instanceof ConnectionError && error.failure === 'unsupported') {
        this.#run.diagnose([
          {
            severity: 'warning',
            code: 'no-lease',
            message: `${connection.endpoint.name} is not leased: ${error.message}`,
            ...(error.hint !== undefined && { hint: error.hint }),
          },
        ])
        return undefined
      }
      throw error
    }
  }
}
