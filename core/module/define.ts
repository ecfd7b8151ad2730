import type { z } from 'zod'
import type { JsonObject } from '../events/json.ts'
import type { ControlModule, FleetModule, RunModule, StateModule } from './types.ts'

/*
 * One function per kind. They only fix the types: arguments come from the schema, the state from the probe.
 */

type Typed<M, Schema extends z.ZodType> = Omit<M, 'kind' | 'args'> & { args: Schema }

/** A state module: probe, diff, apply, result. */
export function defineState<Schema extends z.ZodType, S, R extends JsonObject>(
  module: Typed<StateModule<z.output<Schema>, S, R>, Schema>,
): StateModule<z.output<Schema>, S, R> {
  return { kind: 'state', ...module }
}

/** A run module: run, and what check mode can tell. */
export function defineRun<Schema extends z.ZodType, R extends JsonObject>(
  module: Typed<RunModule<z.output<Schema>, R>, Schema>,
): RunModule<z.output<Schema>, R> {
  return { kind: 'run', ...module }
}

/** A fleet module: probe per host, one diff for all. */
export function defineFleet<Schema extends z.ZodType, S, R extends JsonObject>(
  module: Typed<FleetModule<z.output<Schema>, S, R>, Schema>,
): FleetModule<z.output<Schema>, S, R> {
  return { kind: 'fleet', ...module }
}

/** A control module: no host. */
export function defineControl<Schema extends z.ZodType, R extends JsonObject>(
  module: Typed<ControlModule<z.output<Schema>, R>, Schema>,
): ControlModule<z.output<Schema>, R> {
  return { kind: 'control', ...module }
}
