/** Answers that nobody used for so long, in milliseconds, are asked for again. */
export const OLDEST_MS = 2000
/** What a task costs the controller for each host at least, in milliseconds. */
const LEAST_MS = 0.2
/** Of the age that answers may reach, so much is planned for. */
const SHARE = 0.6
/** How much the last task counts. */
const WEIGHT = 0.5

/** How fast a fleet gets from one task to the next: a probe whose answer would be too old in its turn is better not sent. */
export class Pace {
  #perTask = 0
  #began: number | undefined

  /** These many hosts begin with a task now. */
  begins(hosts: number): void {
    const now = performance.now()
    const took = this.#began === undefined ? 0 : (now - this.#began) * WEIGHT + this.#perTask * (1 - WEIGHT)
    this.#perTask = Math.max(hosts * LEAST_MS, took)
    this.#began = now
  }

  /** Tasks whose turn comes before their answers are too old. */
  get reach(): number {
    return Math.max(1, Math.floor((OLDEST_MS * SHARE) / this.#perTask))
  }
}
