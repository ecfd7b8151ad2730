import { setTimeout as delay } from 'node:timers/promises'

/**
 * Asks until the answer is accepted or the time is up, and gives the last one. `nudge` may end a pause early; it never
 * rejects. Raises what `ask` raises, and the signal's reason.
 */
export async function awaitByAsking<T>(
  ask: () => Promise<T>,
  accept: (answer: T) => boolean,
  options: {
    timeoutMs: number
    /** The longest pause; told anew before each. */
    pollMs: number | (() => number)
    signal?: AbortSignal
    nudge?: () => Promise<void>
  },
): Promise<T> {
  const { timeoutMs, pollMs, signal, nudge } = options
  const end = Date.now() + timeoutMs
  for (;;) {
    signal?.throwIfAborted()
    // Asked for before the question, so that nothing that happens in between is missed.
    const nudged = nudge?.()
    const answer = await ask()
    const left = end - Date.now()
    if (accept(answer) || left <= 0) return answer
    const over = new AbortController()
    const longest = typeof pollMs === 'number' ? pollMs : pollMs()
    const pause = delay(Math.min(longest, left), undefined, {
      signal: signal ? AbortSignal.any([signal, over.signal]) : over.signal,
    }).catch(() => undefined)
    await (nudged ? Promise.race([pause, nudged]) : pause)
    over.abort()
  }
}
