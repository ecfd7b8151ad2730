import type { Json } from './json.ts'
import type { EventBody, EventListener, EventSink, RunEvent } from './types.ts'

/** Hides secrets by value. What the secrets folder makes fits. */
export interface Redaction {
  json(value: Json): Json
}

export interface EventStreamOptions {
  readonly run: string
  readonly listeners: readonly EventListener[]
  readonly redaction: Redaction
  readonly now: () => Date
  /** A listener that throws is a bug of its own: it is told here, and the others still hear the event. */
  readonly onListenerError?: (error: unknown) => void
}

/**
 * The mouth of a run's event stream: adds time, run and sequence number, hides every known secret, and calls the
 * listeners in order. Nothing reaches a listener by another way.
 */
export class EventStream implements EventSink {
  readonly #options: EventStreamOptions
  #sequence = 0
  /** The last millisecond in which something happened: much does in one. */
  #ms = Number.NaN
  #time = ''

  constructor(options: EventStreamOptions) {
    this.#options = options
  }

  emit(body: EventBody): void {
    const { run, listeners, redaction, now, onListenerError } = this.#options
    const { event } = body
    const seq = ++this.#sequence
    const whole: Record<string, Json> = { event, time: this.#timeOf(now()), run, seq }
    for (const name in body) {
      const value = (body as Record<string, Json | undefined>)[name]
      if (value !== undefined && name !== 'event') whole[name] = redaction.json(value)
    }
    for (const listener of listeners) {
      try {
        listener(whole as RunEvent)
      } catch (error) {
        onListenerError?.(error)
      }
    }
  }

  #timeOf(date: Date): string {
    const ms = date.getTime()
    if (ms !== this.#ms) {
      this.#ms = ms
      this.#time = date.toISOString()
    }
    return this.#time
  }
}
