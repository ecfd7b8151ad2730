import type { Lease } from '../../connection/lease/lease.ts'

/** Who waits for a lease. */
export interface Waiter {
  readonly signal: AbortSignal
  onWaiting(message: string): void
}

/** How it is taken; `ours` says that the host is this run's already, by a connection that broke. */
export type Acquire = (signal: AbortSignal, ours: () => void, tell: Waiter['onWaiting']) => Promise<Lease | undefined>

/** A lease that is held, or is being taken, for all who wait for it. */
export class Taking {
  readonly lease: Promise<Lease | undefined>
  readonly #stop = new AbortController()
  readonly #waiting = new Set<Waiter>()
  readonly #ready: Promise<void>
  #isReady = false

  constructor(acquire: Acquire) {
    let begin: () => void = () => undefined
    const begun = new Promise<void>((resolve) => {
      begin = () => {
        this.#isReady = true
        resolve()
      }
    })
    this.lease = acquire(this.#stop.signal, begin, (message) => {
      for (const one of this.#waiting) one.onWaiting(message)
    })
    this.lease.then(begin, () => undefined)
    this.#ready = Promise.race([this.lease.then(() => undefined), begun])
    this.#ready.catch(() => undefined)
  }

  get isGivenUp(): boolean {
    return this.#stop.signal.aborted
  }

  /** Until tasks may begin. It is given up with the last one who waits for it. */
  async ready(waiter: Waiter): Promise<void> {
    const { signal } = waiter
    let aborted: () => void = () => undefined
    this.#waiting.add(waiter)
    try {
      await new Promise<void>((resolve, reject) => {
        aborted = () => reject(signal.reason)
        if (signal.aborted) aborted()
        signal.addEventListener('abort', aborted, { once: true })
        this.#ready.then(resolve, reject)
      })
    } finally {
      signal.removeEventListener('abort', aborted)
      this.#waiting.delete(waiter)
      if (signal.aborted && this.#waiting.size === 0 && !this.#isReady) this.#stop.abort(signal.reason)
    }
  }

  stop(reason: Error): void {
    this.#stop.abort(reason)
  }
}
