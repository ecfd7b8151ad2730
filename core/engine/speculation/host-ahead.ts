import { setMaxListeners } from 'node:events'
import type { Prepared } from './prepared.ts'

/** After a write, what still runs ahead of it is waited for so long, in milliseconds: it would hold up the write. */
const PATIENCE_MS = 250

/** Probes that left between two writes. */
export class ProbeGroup {
  readonly signal: AbortSignal
  readonly #stop = new AbortController()
  #unanswered = 0

  constructor(interrupted: AbortSignal) {
    this.signal = AbortSignal.any([interrupted, this.#stop.signal])
    // As many probes listen as may run ahead.
    setMaxListeners(0, this.signal)
  }

  asked(answer: Promise<unknown>): void {
    this.#unanswered++
    const done = (): void => void this.#unanswered--
    answer.then(done, done)
  }

  get isAnswered(): boolean {
    return this.#unanswered === 0
  }

  stop(): void {
    if (!this.isAnswered) this.#stop.abort(new Error('given up: it ran ahead'))
  }
}

/** What runs ahead on one host, and how far it may. */
export class HostAhead {
  readonly prepared = new Map<string, Prepared>()
  /** Counts the looks ahead: a new one ends the one before. */
  look = 0
  /** A look that begins once the connection is there that its task has asked for. */
  waiting: (() => void) | undefined
  window: number
  group: ProbeGroup
  readonly #widest: number
  readonly #interrupted: AbortSignal

  constructor(widest: number, interrupted: AbortSignal) {
    this.#widest = widest
    this.#interrupted = interrupted
    this.window = widest
    this.group = new ProbeGroup(interrupted)
  }

  /**
   * Where one task changes something the next one often does too, and what was asked for it is lost. `least` is what may run
   * ahead all the same: one probe, where a write takes it along.
   */
  narrow(least: 0 | 1): void {
    this.window = Math.max(least, this.window >> 2)
  }

  widen(): void {
    this.window = Math.min(this.#widest, this.window + Math.max(1, this.window >> 1))
  }

  /** A write is on its way: what was asked before does not count any more, and must not be waited for long. */
  written(): void {
    const before = this.#renew()
    if (before) setTimeout(() => before.stop(), PATIENCE_MS).unref()
  }

  drop(): void {
    this.look++
    this.waiting = undefined
    this.prepared.clear()
    this.#renew()?.stop()
  }

  #renew(): ProbeGroup | undefined {
    if (this.group.isAnswered) return undefined
    const before = this.group
    this.group = new ProbeGroup(this.#interrupted)
    return before
  }
}
