/**
 * Many commands wait for one signal, and a signal's listeners are a list that is searched for each one that leaves: of
 * each signal only one listener is kept here, as long as somebody waits.
 */
export class Aborts {
  private readonly waiting = new Map<AbortSignal, { callbacks: Set<() => void>; listener: () => void }>()

  /** Calls back once when the signal aborts; gives what takes the callback away again. */
  add(signal: AbortSignal, callback: () => void): () => void {
    let entry = this.waiting.get(signal)
    if (!entry) {
      const callbacks = new Set<() => void>()
      const listener = (): void => {
        this.waiting.delete(signal)
        for (const one of callbacks) one()
      }
      signal.addEventListener('abort', listener, { once: true })
      entry = { callbacks, listener }
      this.waiting.set(signal, entry)
    }
    const { callbacks, listener } = entry
    callbacks.add(callback)
    return () => {
      callbacks.delete(callback)
      if (callbacks.size > 0 || this.waiting.get(signal)?.callbacks !== callbacks) return
      this.waiting.delete(signal)
      signal.removeEventListener('abort', listener)
    }
  }
}
