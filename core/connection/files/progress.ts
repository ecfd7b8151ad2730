import { basename } from 'node:path'
import { rateText } from './amounts.ts'

/** Between two words about the same upload. */
const PAUSE_MS = 500

export type OnProgress = (message: string, percent?: number) => void

/** Tells how far an upload is: percent of what is sent, and the rate, twice a second at most. */
export class UploadProgress {
  readonly #name: string
  readonly #tell: OnProgress
  #total = 0
  #done = 0
  #told = 0
  #since = 0
  #begun = 0
  /** Why it is sent as it is. */
  manner = ''

  constructor(path: string, tell: OnProgress = () => undefined) {
    this.#name = basename(path)
    this.#tell = tell
  }

  /** In bytes of the file; all but `left` of them are on the host. */
  expect(total: number, left: number): void {
    this.#total = total
    this.#done = total - left
  }

  get percent(): number {
    return this.#total === 0 ? 0 : Math.min(100, (100 * this.#done) / this.#total)
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
