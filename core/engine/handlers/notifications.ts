/** Which hosts notified which handlers, by the handler's id, in the order in which they did. */
export class Notifications {
  /** Then by host: in check mode the undecided task by which alone it was notified. */
  readonly #handlers = new Map<string, Map<string, string | undefined>>()
  /** Names that no handler answers to yet: an include may still bring one. */
  readonly #unanswered = new Map<string, Map<string, string | undefined>>()

  /** `maybe` is the task that notifies if it changes anything, which is not decided. */
  add(handler: string, host: string, maybe?: string): void {
    note(this.#handlers, handler, host, maybe)
  }

  addUnanswered(name: string, host: string, maybe?: string): void {
    note(this.#unanswered, name, host, maybe)
  }

  /** Names without a handler; they are forgotten. */
  takeUnanswered(): { name: string; host: string; maybe: string | undefined }[] {
    const taken = [...this.#unanswered].flatMap(([name, hosts]) =>
      [...hosts].map(([host, maybe]) => ({ name, host, maybe })),
    )
    this.#unanswered.clear()
    return taken
  }

  /** Hosts that wait for a handler, each with the undecided task if there is one. */
  waiting(handler: string): ReadonlyMap<string, string | undefined> {
    return this.#handlers.get(handler) ?? new Map()
  }

  done(handler: string, host: string): void {
    this.#handlers.get(handler)?.delete(host)
  }

  /** Ids and names that are left, each with its hosts. */
  left(): { handler?: string; name?: string; hosts: string[] }[] {
    return [
      ...[...this.#handlers].map(([handler, hosts]) => ({ handler, hosts: [...hosts.keys()] })),
      ...[...this.#unanswered].map(([name, hosts]) => ({ name, hosts: [...hosts.keys()] })),
    ].filter(({ hosts }) => hosts.length > 0)
  }
}

function note(
  into: Map<string, Map<string, string | undefined>>,
  key: string,
  host: string,
  maybe: string | undefined,
): void {
  const hosts = into.get(key) ?? new Map<string, string | undefined>()
  if (maybe === undefined || !hosts.has(host)) hosts.set(host, maybe)
  into.set(key, hosts)
}
