import type { Groundwork } from '../task/groundwork.ts'
import type { Turn } from '../task/turn.ts'
import type { Mark } from './ledger.ts'
import type { Pending } from './pending.ts'

/** What was found out ahead of a task's turn: its arguments, and a probe that is on its way or was answered. */
export interface Prepared {
  readonly groundwork: Groundwork
  readonly pending: Pending
  readonly state: Promise<unknown>
  readonly mark: Mark
  /** Generation of the host's variables. */
  readonly generation: number
  /** When the probe was answered, in milliseconds of performance.now(). */
  answeredAt: number | undefined
  /** Its turn has come, with this id in the events. */
  begin(id: string): void
}

/** One round of a task on one host, in one inclusion. */
export const keyOf = (turn: Pick<Turn, 'key'>, index: number): string => `${turn.key}#${index}`
