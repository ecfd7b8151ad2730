import { type EventKind, type EventMessage, eventKind, events } from '../protocol/events.ts'
import { connect } from '../protocol/procedures.ts'
import type { RpcClient } from '../wire/client.ts'
import { XdrReader } from '../xdr/reader.ts'

/** One event as it came. */
export type RawEvent = { [K in EventKind]: { readonly kind: K; readonly message: EventMessage<K> } }[EventKind]
export type EventListener = (event: RawEvent) => void

/** Registers for each kind of event once, for all domains, as long as somebody listens. */
export class EventHub {
  readonly #client: Pick<RpcClient, 'call'>
  readonly #listeners = new Map<EventKind, Set<EventListener>>()
  readonly #registered = new Map<EventKind, Promise<number>>()
  readonly #leaving = new Map<EventKind, Promise<void>>()

  constructor(client: Pick<RpcClient, 'call'>) {
    this.#client = client
  }

  /** Whether events of any kind are waited for. */
  get listening(): boolean {
    return this.#registered.size > 0
  }

  /** Listens once the daemon has agreed; the answer ends it. Raises LibvirtError. */
  async listen(kinds: readonly EventKind[], listener: EventListener): Promise<() => Promise<void>> {
    const end = async (): Promise<void> => {
      await Promise.all(kinds.map((kind) => this.#leave(kind, listener)))
    }
    for (const kind of kinds) this.#listenersOf(kind).add(listener)
    try {
      await Promise.all(kinds.map((kind) => this.#register(kind)))
    } catch (error) {
      await end()
      throw error
    }
    return end
  }

  /** A message of the daemon; raises MalformedPacket. One of a kind that is not known is for somebody newer. */
  take(procedure: number, payload: Buffer): void {
    const kind = eventKind(procedure)
    const listeners = kind && this.#listeners.get(kind)
    if (!kind || !listeners) return
    const reader = new XdrReader(payload)
    const message = events[kind].message.read(reader)
    reader.end()
    for (const listener of [...listeners]) listener({ kind, message } as RawEvent)
  }

  #listenersOf(kind: EventKind): Set<EventListener> {
    const known = this.#listeners.get(kind) ?? new Set()
    this.#listeners.set(kind, known)
    return known
  }

  #register(kind: EventKind): Promise<number> {
    const known = this.#registered.get(kind)
    if (known) return known
    const ask = (): Promise<number> =>
      this.#client
        .call(connect.registerEvent, { event: events[kind].id, domain: undefined })
        .then(({ callback }) => callback)
    // The daemon works at calls side by side, and refuses a registration while it still has the last one.
    const asked = this.#leaving.get(kind)?.then(ask) ?? ask()
    this.#registered.set(kind, asked)
    asked.catch(() => this.#registered.delete(kind))
    return asked
  }

  async #leave(kind: EventKind, listener: EventListener): Promise<void> {
    const listeners = this.#listenersOf(kind)
    listeners.delete(listener)
    const registered = this.#registered.get(kind)
    if (listeners.size > 0 || !registered) return
    this.#registered.delete(kind)
    const left = registered
      .then((callback) => this.#client.call(connect.deregisterEvent, { callback }))
      // A connection that is gone has forgotten it.
      .then(nothing, nothing)
    this.#leaving.set(kind, left)
    await left
    if (this.#leaving.get(kind) === left) this.#leaving.delete(kind)
  }
}

const nothing = (): undefined => undefined
