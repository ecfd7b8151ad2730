import type { Skipped } from './types.ts'

/** The answer of a run module's check that did not run, with its reason. */
export function skipped(reason: string): Skipped {
  return { skipped: true, reason }
}
