export const EVERYTHING = '*'

/**
 * The order that callers may rely on, though the daemon works on calls at the same time: a read begins when the changes
 * given before it are over, a change when the reads before it are, and the changes of one object go one after the other.
 */
export class Order {
  readonly #reads = new Set<Promise<unknown>>()
  readonly #changes = new Map<string, Promise<unknown>>()

  read<T>(work: () => Promise<T>): Promise<T> {
    const done = after([...this.#changes.values()], work)
    return this.#until(
      done,
      () => this.#reads.add(done),
      () => this.#reads.delete(done),
    )
  }

  /** `key` names the object that is changed; EVERYTHING: nobody knows what. */
  change<T>(key: string, work: () => Promise<T>): Promise<T> {
    const done = after([...this.#reads, ...this.#before(key)], work)
    return this.#until(
      done,
      () => this.#changes.set(key, done),
      () => {
        if (this.#changes.get(key) === done) this.#changes.delete(key)
      },
    )
  }

  #before(key: string): Promise<unknown>[] {
    if (key === EVERYTHING) return [...this.#changes.values()]
    return [this.#changes.get(key), this.#changes.get(EVERYTHING)].filter((earlier) => earlier !== undefined)
  }

  #until<T>(done: Promise<T>, begin: () => void, end: () => void): Promise<T> {
    begin()
    done.then(end, end)
    return done
  }
}

/** At once, in this tick, if there is nothing to wait for. */
function after<T>(others: readonly Promise<unknown>[], work: () => Promise<T>): Promise<T> {
  return others.length === 0 ? work() : Promise.allSettled(others).then(work)
}
