import type { Variables } from '../language/values.ts'

/** Where the engine stands in the tree: what the way there adds to each task. */
export interface Frame {
  /** Tells inclusions of the same task apart. */
  readonly key: string
  /** Variables of the includes on the way, outermost first. */
  readonly includeParams: readonly Variables[]
  /** A failure here goes to a rescue. */
  readonly rescuable: boolean
  readonly handler: boolean
}

export const rootFrame: Frame = { key: '', includeParams: [], rescuable: false, handler: false }
