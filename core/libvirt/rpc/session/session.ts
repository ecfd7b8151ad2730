import { CODE, LibvirtError, LibvirtLost, LibvirtUnavailable } from '../../errors.ts'
import type { DomainRef, NetworkRef, PoolRef } from '../protocol/objects.ts'
import { connect, domains, FEATURE, networks, type Procedure, storage } from '../protocol/procedures.ts'
import { RpcClient } from '../wire/client.ts'
import { DEAF_AT, type KeepaliveTimes } from '../wire/keepalive.ts'
import type { RpcStream } from '../wire/stream.ts'
import type { Wire } from '../wire/wire.ts'
import { Directory } from './directory.ts'
import { EventHub } from './event-hub.ts'
import { authenticate } from './login.ts'
import { Validation } from './validation.ts'

export interface SessionOptions {
  /** What the daemon opens: `qemu:///system`. */
  readonly uri: string
  readonly readonly?: boolean
  readonly keepalive?: KeepaliveTimes
  /** Opens a second connection to the same daemon, for when one is not enough. */
  readonly another?: () => Promise<RpcSession>
}

/**
 * An open connection to one daemon. The daemon works on five calls of a client at a time: once more are waiting, a second connection is
 * opened meanwhile, where the session may have one, and the two share the calls.
 */
export class RpcSession {
  readonly events: EventHub
  readonly domains: Directory<DomainRef>
  readonly networks: Directory<NetworkRef>
  readonly pools: Directory<PoolRef>
  readonly validation = new Validation()
  readonly #client: RpcClient
  readonly #another: SessionOptions['another']
  #second: Promise<RpcSession | undefined> | undefined
  #aside: RpcSession | undefined
  readonly #features = new Map<number, Promise<boolean>>()
  #library: Promise<number> | undefined

  constructor(client: RpcClient, events: EventHub, another?: SessionOptions['another']) {
    this.#client = client
    this.#another = another
    this.events = events
    this.domains = new Directory({
      byName: async (name) => (await this.call(domains.lookupByName, { name })).domain,
      byUuid: async (uuid) => (await this.call(domains.lookupByUuid, { uuid })).domain,
      direct: { reference: (uuid, id) => ({ name: id, uuid, id: -1 }), absent: CODE.noDomain },
    })
    this.networks = new Directory({
      byName: async (name) => (await this.call(networks.lookupByName, { name })).network,
      byUuid: async (uuid) => (await this.call(networks.lookupByUuid, { uuid })).network,
    })
    this.pools = new Directory({
      byName: async (name) => (await this.call(storage.lookupByName, { name })).pool,
      byUuid: async (uuid) => (await this.call(storage.lookupByUuid, { uuid })).pool,
    })
  }

  /** Settles once, with why it is over. */
  get closed(): Promise<Error> {
    return this.#client.closed
  }

  /** Calls that are not answered yet. */
  get pending(): number {
    return this.#client.pending
  }

  /** By the connection with fewer calls. Two calls in one tick are worked on in any order, as by a single one. */
  call<A, R>(procedure: Procedure<A, R>, args: A): Promise<R> {
    const { pending } = this.#client
    if (this.#aside && this.#aside.pending < pending) return this.#aside.call(procedure, args)
    if (pending >= DEAF_AT) this.#second ??= this.#openSecond()
    return this.#client.call(procedure, args)
  }

  /** By the first connection, so that the daemon works on no more than max_client_requests of these at a time. */
  callInTurn<A, R>(procedure: Procedure<A, R>, args: A): Promise<R> {
    return this.#client.call(procedure, args)
  }

  stream<A>(procedure: Procedure<A, undefined>, args: A): Promise<RpcStream> {
    return this.#client.stream(procedure, args)
  }

  /** Whether the daemon has a feature; asked once. */
  supports(feature: keyof typeof FEATURE): Promise<boolean> {
    const number = FEATURE[feature]
    const known = this.#features.get(number)
    if (known) return known
    const asked = this.call(connect.supportsFeature, { feature: number }).then(
      ({ supported }) => supported,
      // An older daemon does not know every feature's number.
      (error: unknown) => {
        if (error instanceof LibvirtError && error.code === CODE.noSupport) return false
        throw error
      },
    )
    this.#features.set(number, asked)
    asked.catch(() => this.#features.delete(number))
    return asked
  }

  /** The daemon's version as libvirt counts: 9000000 for 9.0.0. Asked once. */
  libraryVersion(): Promise<number> {
    this.#library ??= this.call(connect.libraryVersion, undefined).then(
      ({ version }) => Number(version),
      (error: unknown) => {
        this.#library = undefined
        throw error
      },
    )
    return this.#library
  }

  /** Says good-bye; never waits long for the answer. */
  async close(): Promise<void> {
    const limit = new Promise<void>((resolve) => setTimeout(resolve, 1000).unref())
    const both = [
      this.#client.call(connect.close, undefined).catch(() => undefined),
      // One that is still being opened ends with the first.
      this.#aside?.close(),
    ]
    await Promise.race([Promise.all(both), limit])
    this.#client.close()
  }

  /** Without one it goes on as before; when it is lost, there is no other. */
  async #openSecond(): Promise<RpcSession | undefined> {
    const second = await this.#another?.().catch(() => undefined)
    if (!second) return undefined
    this.#aside = second
    void second.closed.then(() => {
      this.#aside = undefined
    })
    // What is under way there is lost with the first: the daemon, or the way to it, is gone.
    void this.closed.then(() => second.close())
    return second
  }
}

/**
 * Opens a session on a wire: one round trip where the daemon asks for no authentication. Raises LibvirtUnavailable,
 * LibvirtError, ConnectionError; the wire is closed then.
 */
export async function openSession(wire: Wire, options: SessionOptions): Promise<RpcSession> {
  const hub: { events?: EventHub } = {}
  const client = new RpcClient(wire.stream, {
    ...(options.keepalive && { keepalive: options.keepalive }),
    event: (procedure, payload) => hub.events?.take(procedure, payload),
    listening: () => hub.events?.listening ?? false,
    why: wire.why,
  })
  const events = new EventHub(client)
  hub.events = events
  try {
    await authenticate(client, { name: options.uri, flags: options.readonly ? 1 : 0 })
  } catch (error) {
    client.close()
    throw refusal(error, await client.closed)
  }
  return new RpcSession(client, events, options.another)
}

/** Why the session could not be opened: the wire's own reason, where it has one. */
function refusal(error: unknown, end: Error): unknown {
  if (end instanceof LibvirtUnavailable || end instanceof LibvirtLost || !(end instanceof LibvirtError)) return end
  if (!(error instanceof LibvirtError)) return error
  if (error.code !== undefined && REFUSED.has(error.code)) {
    return new LibvirtUnavailable('permission denied', error.message)
  }
  return error
}

const REFUSED: ReadonlySet<number> = new Set([CODE.authFailed, CODE.authCancelled, CODE.authUnavailable])
