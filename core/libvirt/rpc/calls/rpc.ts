import { isAbsent } from '../../errors.ts'
import type { DomainRef, NetworkRef, PoolRef } from '../protocol/objects.ts'
import type { Directory } from '../session/directory.ts'
import { EVERYTHING, Order } from '../session/order.ts'
import type { RpcSession } from '../session/session.ts'

type Act<R, T> = (session: RpcSession, reference: R) => Promise<T>

/** Does the work, and what else belongs to it. */
export type Around = <T>(work: () => Promise<T>) => Promise<T>

const plainly: Around = (work) => work()

/** How the parts of the implementation reach the daemon: in the order that callers rely on, by names. */
export class Rpc {
  readonly session: () => Promise<RpcSession>
  readonly #order = new Order()
  readonly #reading: Around
  readonly #changing: Around

  constructor(session: () => Promise<RpcSession>, around: { reading?: Around; changing?: Around } = {}) {
    this.session = session
    this.#reading = around.reading ?? plainly
    this.#changing = around.changing ?? plainly
  }

  read<T>(act: (session: RpcSession) => Promise<T>): Promise<T> {
    return this.#order.read(() => this.#reading(async () => act(await this.session())))
  }

  /** `key`: what is changed, so that changes of one thing go in order. */
  change<T>(key: string, act: (session: RpcSession) => Promise<T>): Promise<T> {
    return this.#order.change(key, () => this.#changing(async () => act(await this.session())))
  }

  /** What goes to the daemon by another way than ours, in the same order. */
  readElsewhere<T>(work: () => Promise<T>): Promise<T> {
    return this.#order.read(work)
  }

  changeElsewhere<T>(work: () => Promise<T>): Promise<T> {
    return this.#order.change(EVERYTHING, work)
  }

  readDomain<T>(id: string, act: Act<DomainRef, T>, tells?: (answer: T) => string): Promise<T> {
    return this.read((session) => session.domains.read(id, (domain) => act(session, domain), tells))
  }

  readNetwork<T>(id: string, act: Act<NetworkRef, T>, tells?: (answer: T) => string): Promise<T> {
    return this.read((session) => session.networks.read(id, (network) => act(session, network), tells))
  }

  readPool<T>(id: string, act: Act<PoolRef, T>, tells?: (answer: T) => string): Promise<T> {
    return this.read((session) => session.pools.read(id, (pool) => act(session, pool), tells))
  }

  changeDomain(id: string, act: Act<DomainRef, unknown>): Promise<void> {
    return this.#changeBy('domain', (session) => session.domains, id, act)
  }

  changeNetwork(id: string, act: Act<NetworkRef, unknown>): Promise<void> {
    return this.#changeBy('network', (session) => session.networks, id, act)
  }

  changePool(id: string, act: Act<PoolRef, unknown>): Promise<void> {
    return this.#changeBy('pool', (session) => session.pools, id, act)
  }

  async #changeBy<R extends { name: string; uuid: Uint8Array }>(
    kind: string,
    directory: (session: RpcSession) => Directory<R>,
    id: string,
    act: Act<R, unknown>,
  ): Promise<void> {
    await this.change(`${kind} ${id}`, (session) => directory(session).change(id, (found) => act(session, found)))
  }
}

/** Undefined for what does not exist. */
export async function maybe<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

/** The bits of the options that are true. */
export function bits(
  values: Readonly<Record<string, number>>,
  options: Readonly<Record<string, unknown>> = {},
): number {
  let result = 0
  for (const [name, bit] of Object.entries(values)) if (options[name] === true) result |= bit
  // Bit 31 of an unsigned word.
  return result >>> 0
}

/** virDomainModificationImpact: neither is the current state. */
export const AFFECTS = { live: 1, config: 2 } as const

/** The name in a definition, which is all that is needed of it here. */
export function nameIn(xml: string): string {
  const written = /<name>([^<]*)<\/name>/.exec(xml)?.[1]?.trim() ?? ''
  return written.replace(/&(lt|gt|amp|apos|quot);/g, (_, word: string) => ENTITIES[word] ?? '')
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', apos: "'", quot: '"' }
