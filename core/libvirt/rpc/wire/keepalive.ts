/** In milliseconds; that many unanswered pings in a row are the end. */
export interface KeepaliveTimes {
  readonly intervalMs: number
  readonly misses: number
}

const TIMES: KeepaliveTimes = { intervalMs: 10_000, misses: 5 }

/** max_client_requests of libvirtd.conf: while it works on as many calls of one client, it reads nothing more from it. */
export const DEAF_AT = 5

interface KeepaliveOptions {
  readonly times?: KeepaliveTimes
  readonly ping: () => void
  readonly dead: (reason: string) => void
  /** Calls that the daemon has not answered. */
  readonly atWork: () => number
  /** Whether events are waited for. */
  readonly listening: () => boolean
}

/**
 * Notices a daemon that hangs while somebody waits for it, for an answer or an event. Anything that comes is a sign of life; silence is
 * asked about, and means death only while the daemon could have read the question.
 */
export class Keepalive {
  readonly #options: KeepaliveOptions
  readonly #times: KeepaliveTimes
  #timer: NodeJS.Timeout | undefined
  #silent = 0
  #stopped = false

  constructor(options: KeepaliveOptions) {
    this.#options = options
    this.#times = options.times ?? TIMES
  }

  /** Begins to watch; while it does, again costs nothing. */
  watch(): void {
    if (this.#timer || this.#stopped) return
    this.#timer = setInterval(() => this.#beat(), this.#times.intervalMs)
    this.#timer.unref()
  }

  heard(): void {
    this.#silent = 0
  }

  stop(): void {
    this.#stopped = true
    clearInterval(this.#timer)
  }

  #beat(): void {
    const atWork = this.#options.atWork()
    if (atWork >= DEAF_AT || (atWork === 0 && !this.#options.listening())) {
      this.#silent = 0
      return
    }
    if (this.#silent++ === 0) return
    if (this.#silent > this.#times.misses + 1) {
      const seconds = Math.round((this.#times.intervalMs * this.#silent) / 1000)
      this.#options.dead(`libvirt has not answered for ${seconds} s`)
      return
    }
    this.#options.ping()
  }
}
