import { ConnectionError } from '../../connection/errors.ts'
import { inUse, stillAtWork } from '../../connection/lease/holder.ts'
import { acquireLease, HostInUse, type Lease } from '../../connection/lease/lease.ts'
import type { Become, Connection, Endpoint } from '../../connection/types.ts'
import { RpcSessions } from '../../libvirt/rpc/index.ts'
import type { Run } from '../run-state.ts'

const LEASE_WAIT_MS = 60_000

/** Another run has the host: the task did not run there. */
export class HostLeased extends Error {}

export interface ConnectOptions {
  readonly signal: AbortSignal
  readonly become?: Become | undefined
  /** False in check mode, for `lease: false`, and for the controller itself. */
  readonly lease: boolean
  onWaiting(message: string): void
}

/** A lease that is held, or is being taken. */
interface Taking {
  readonly lease: Promise<Lease | undefined>
  /** Once tasks may begin: it is held, or the host is still this run's by a connection that broke. */
  readonly ready: Promise<void>
  /** Gives up taking it. */
  stop(): void
}

/** Connections of the run, and the lease that is taken where a host is first contacted. */
export class Sessions {
  readonly #run: Run
  readonly #shells = new Map<string, Set<string>>()
  readonly #leases = new Map<string, Taking>()
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

  connect(endpoint: Endpoint, options: ConnectOptions): Promise<Connection> {
    this.#keepSecret(endpoint)
    const connecting = this.#run.request.pool.get(endpoint, options.signal)
    const isOurs = !options.lease || endpoint.transport === 'local' || this.#held.has(endpoint.name)
    return isOurs ? connecting : this.#leased(connecting, options)
  }

  async #leased(connecting: Promise<Connection>, options: ConnectOptions): Promise<Connection> {
    const connection = await connecting
    await this.#lease(connection, options)
    return connection
  }

  /** A user's shell on a host is there, by the name that tells shells apart. */
  opened(name: string, shell: string): void {
    const shells = this.#shells.get(name)
    if (shells) shells.add(shell)
    else this.#shells.set(name, new Set([shell]))
  }

  isOpen(name: string, shell: string): boolean {
    return this.#shells.get(name)?.has(shell) ?? false
  }

  /** A new connection where the old one is gone or must not be used again; the lease was held by the old one. */
  async forget(name: string): Promise<void> {
    this.#shells.delete(name)
    await this.release(name)
    await this.#run.request.pool.forget(name)
  }

  /** Until the lease of a host is free again. */
  async release(name: string): Promise<void> {
    const taking = this.#leases.get(name)
    this.#leases.delete(name)
    this.#held.delete(name)
    taking?.stop()
    await taking?.lease.then((held) => held?.release()).catch(() => undefined)
  }

  async releaseAll(): Promise<void> {
    await Promise.all([...this.#leases.keys()].map((name) => this.release(name)))
  }

  #keepSecret(endpoint: Endpoint): void {
    const { password, privateKeyPassphrase } = endpoint
    if (password !== undefined) this.#run.request.redactor.add(password)
    if (privateKeyPassphrase !== undefined) this.#run.request.redactor.add(privateKeyPassphrase)
  }

  async #lease(connection: Connection, options: ConnectOptions): Promise<void> {
    const { name } = connection.endpoint
    const known = this.#leases.get(name)
    if (known) {
      await known.ready
      return
    }
    const taking = this.#take(connection, options)
    // The lease goes with the shell that is opened; what is given to it waits until the host is ours.
    const shell = connection.shell(options.become)
    this.#leases.set(name, taking)
    taking.lease.then(
      (held) => held?.ended.then(() => this.#drop(name, taking)),
      () => this.#drop(name, taking),
    )
    const [opened, leased] = await Promise.allSettled([shell, taking.ready])
    if (leased.status === 'rejected') throw leased.reason
    if (this.#leases.get(name) === taking) this.#held.add(name)
    if (opened.status === 'rejected') throw opened.reason
  }

  #drop(name: string, taking: Taking): void {
    if (this.#leases.get(name) !== taking) return
    this.#leases.delete(name)
    this.#held.delete(name)
  }

  /**
   * A connection that broke may leave its holder on the host for a while: what is ours already is not waited for, but taken as soon as that
   * one has given it up.
   */
  #take(connection: Connection, options: ConnectOptions): Taking {
    const stop = new AbortController()
    let isOurs = false
    let found: () => void = () => undefined
    const ours = new Promise<void>((resolve) => {
      found = () => {
        isOurs = true
        resolve()
      }
    })
    // The task's end ends what it waits for.
    const aborted = (): void => {
      if (!isOurs) stop.abort(options.signal.reason)
    }
    if (options.signal.aborted) aborted()
    options.signal.addEventListener('abort', aborted, { once: true })
    const lease = this.#acquire(connection, options, stop.signal, found)
    const over = (): void => options.signal.removeEventListener('abort', aborted)
    lease.then(over, over)
    const { name } = connection.endpoint
    return {
      lease,
      ready: Promise.race([lease.then(() => undefined), ours]),
      stop: () => stop.abort(new ConnectionError('lost', name, `the connection to ${name} was given up`)),
    }
  }

  async #acquire(
    connection: Connection,
    options: ConnectOptions,
    signal: AbortSignal,
    ours: () => void,
  ): Promise<Lease | undefined> {
    try {
      return await acquireLease(connection, {
        run: this.#run.id,
        wait: (this.#run.request.leaseWait ?? LEASE_WAIT_MS) / 1000,
        signal,
        ...(options.become && { become: options.become }),
        onWaiting: (holder, left) => {
          const { name } = connection.endpoint
          if (holder?.run === this.#run.id) ours()
          else options.onWaiting(`${left ? stillAtWork(name, holder) : inUse(name, holder)}; waiting for it`)
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
