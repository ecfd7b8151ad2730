import { basename } from 'node:path'
import { rateText } from './amounts.ts'

/** Between two words about the same upload. */
const PAUSE_MS = 500

export type OnProgress = (message: string, percent?: number) => void

/** Tells how far an upload is: percent of what is sent, and the rate, twice a second at most. */
export class UploadProgress {
  readonly #name: string
  readonly #tell: OnProgress
  readonly #total: number
  #done: number
  #told = 0
  #since = 0
  #begun = 0
  /** Why it is sent as it is. */
  manner = ''

  /** In bytes of the file; `done` of them are on the host. */
  constructor(path: string, total: number, done: number, tell: OnProgress = () => undefined) {
    this.#name = basename(path)
    this.#total = total
    this.#done = done
    this.#tell = tell
  }

  get percent(): number {
    return this.#total === 0 ? 100 : Math.min(100, (100 * this.#done) / this.#total)
  }

  say(message: string): void {
    this.#tell(`${this.#name}: ${message}`, this.percent)
  }

  /** Begins to measure the rate anew. */
  begin(): void {
    this.#since = performance.now()
    this.#begun = this.#done
  }

  moved(bytes: number): void {
    this.#done += bytes
    const now = performance.now()
    if (now - this.#told < PAUSE_MS) return
    this.#told = now
    this.say(`sending, ${rateText(this.rate)}${this.manner}`)
  }

  /** Bytes of the file per second since `begin`. */
  get rate(): number {
    return (this.#done - this.#begun) / Math.max(0.001, (performance.now() - this.#since) / 1000)
  }
}
