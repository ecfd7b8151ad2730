import { int, list, type Of, struct } from '../xdr/codec.ts'
import { domain, parameter, text } from './objects.ts'

/*
 * The events in use (virDomainEventID), the procedure that carries each, and its layout. All begin with the number of the
 * registration.
 */

const about = { callback: int, domain }

export const events = {
  lifecycle: { id: 0, procedure: 318, message: struct({ ...about, event: int, detail: int }) },
  reboot: { id: 1, procedure: 319, message: struct(about) },
  'device removed': { id: 15, procedure: 333, message: struct({ ...about, alias: text }) },
  'block job': { id: 16, procedure: 339, message: struct({ ...about, disk: text, type: int, status: int }) },
  'agent lifecycle': { id: 18, procedure: 348, message: struct({ ...about, state: int, reason: int }) },
  'migration iteration': { id: 20, procedure: 359, message: struct({ ...about, iteration: int }) },
  'job completed': { id: 21, procedure: 363, message: struct({ ...about, parameters: list(parameter, 64) }) },
  'device removal failed': { id: 22, procedure: 367, message: struct({ ...about, alias: text }) },
} as const

export type EventKind = keyof typeof events
export type EventMessage<K extends EventKind> = Of<(typeof events)[K]['message']>

/** The kind of event that a procedure carries; undefined for one nobody asked for. */
export function eventKind(procedure: number): EventKind | undefined {
  return BY_PROCEDURE.get(procedure)
}

const BY_PROCEDURE = new Map(
  (Object.keys(events) as EventKind[]).map((kind) => [events[kind].procedure as number, kind]),
)
