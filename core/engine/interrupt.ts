import { setMaxListeners } from 'node:events'
import type { Interrupts } from './request.ts'

/** Interrupts by hand: what the command line's Ctrl-C calls, and tests. */
export class InterruptController implements Interrupts {
  readonly #callbacks = new Set<(level: 1 | 2) => void>()
  #level = 0

  onInterrupt(callback: (level: 1 | 2) => void): () => void {
    this.#callbacks.add(callback)
    return () => this.#callbacks.delete(callback)
  }

  /** The first call starts nothing new, the second ends what runs; more calls do nothing. */
  interrupt(): void {
    if (this.#level >= 2) return
    this.#level++
    const level = this.#level as 1 | 2
    for (const callback of this.#callbacks) callback(level)
  }
}

/** One piece of work on one host that may be waited for or cut. */
export interface Work {
  /** Id of the task in the events. */
  readonly task: string
  readonly name: string
  readonly host: string
  /** Must not be cut at the first interrupt. */
  shielded: boolean
}

/**
 * Interrupts as the run sees them: a signal for work that may be cut (aborted at level 1), one for work that must not
 * be (aborted at level 2), and what is at work now.
 */
export class InterruptState {
  readonly #soft = new AbortController()
  readonly #hard = new AbortController()
  readonly #working = new Set<Work>()
  readonly #stopped: string[] = []
  level: 0 | 1 | 2 = 0

  constructor() {
    // Every command of every host listens.
    setMaxListeners(0, this.#soft.signal, this.#hard.signal)
  }

  get interrupted(): boolean {
    return this.level > 0
  }

  /** Aborted at the first interrupt. */
  get soft(): AbortSignal {
    return this.#soft.signal
  }

  /** Aborted at the second. */
  get hard(): AbortSignal {
    return this.#hard.signal
  }

  /** `announce` is told before anything is cut, with what will be waited for. */
  raise(level: 1 | 2, announce: (waitingFor: Work[]) => void): void {
    if (level <= this.level) return
    this.level = level
    announce(level === 1 ? [...this.#working].filter((work) => work.shielded) : [])
    for (const work of this.#working) {
      if (level === 2 || !work.shielded) this.#stop(work)
    }
    this.#soft.abort(new Error('interrupted'))
    if (level === 2) this.#hard.abort(new Error('interrupted'))
  }

  begin(work: Work): () => void {
    this.#working.add(work)
    return () => {
      if (this.interrupted) this.#stop(work)
      this.#working.delete(work)
    }
  }

  #stop(work: Work): void {
    const where = `task '${work.name}' on host ${work.host}`
    if (!this.#stopped.includes(where)) this.#stopped.push(where)
  }

  /** For a run that was interrupted between two tasks. */
  stopBefore(name: string): void {
    if (this.#stopped.length === 0) this.#stopped.push(`before task '${name}'`)
  }

  /** `task X on host Y`, the first few, or undefined. */
  get stoppedAt(): string | undefined {
    if (this.#stopped.length === 0) return undefined
    const shown = this.#stopped.slice(0, 5)
    const more = this.#stopped.length - shown.length
    return shown.join(', ') + (more > 0 ? ` and ${more} more` : '')
  }
}
