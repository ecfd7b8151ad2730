import type { Outcome } from '../task/outcome.ts'

export interface Failure {
  readonly task: string
  readonly module: string
  readonly outcome: Outcome
}

/** Failures inside a block: the hosts leave its steps, and what becomes of them is the block's to say. */
export class Catcher {
  readonly #failures = new Map<string, Failure>()
  readonly #doubts = new Map<string, string>()

  add(host: string, failure: Failure): void {
    this.#failures.set(host, failure)
  }

  /** Check mode: this task may fail there, which nobody can tell. The first one of a host counts. */
  doubt(host: string, task: string): void {
    if (!this.#doubts.has(host)) this.#doubts.set(host, task)
  }

  /** Hosts that may have failed, and the task in which. */
  get doubts(): ReadonlyMap<string, string> {
    return this.#doubts
  }

  has(host: string): boolean {
    return this.#failures.has(host)
  }

  /** Takes them out: what follows is for these hosts again. */
  take(): Map<string, Failure> {
    const taken = new Map(this.#failures)
    this.#failures.clear()
    return taken
  }
}
