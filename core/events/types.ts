import type { z } from 'zod'
import type { change, hostStats, hostStatus, position, runEvent, textDiff } from './schema.ts'

export type Position = z.infer<typeof position>
export type HostStatus = z.infer<typeof hostStatus>
export type EventChange = z.infer<typeof change>
export type TextDiff = z.infer<typeof textDiff>
export type HostStats = z.infer<typeof hostStats>
export type RunEvent = z.infer<typeof runEvent>
export type EventName = RunEvent['event']
export type EventOf<N extends EventName> = Extract<RunEvent, { event: N }>

type WithoutEnvelope<E> = E extends RunEvent ? Omit<E, 'time' | 'run' | 'seq'> : never
/** An event as its author gives it; the stream adds time, run and sequence number. */
export type EventBody = WithoutEnvelope<RunEvent>

/** A consumer of the stream. Called in order, synchronously; must not throw. */
export type EventListener = (event: RunEvent) => void

/** Where the engine says what happens. Values are redacted before any listener sees them. */
export interface EventSink {
  emit(body: EventBody): void
}
