import type { Value, Variables } from '../../language/index.ts'

/** One turn of a task's module: the only one, or one item of its loop. */
export interface Round {
  /** Variables of the item. */
  readonly local: Variables
  /** Index of the item; 0 without a loop. */
  readonly index: number
  /** All items of the loop; undefined without one. */
  readonly items: readonly Value[] | undefined
}

export const onlyRound: Round = { local: new Map(), index: 0, items: undefined }
