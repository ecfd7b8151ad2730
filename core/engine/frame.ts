import type { Variables } from '../language/values.ts'
import type { Place } from './speculation/upcoming.ts'
import type { Catcher } from './steps/catcher.ts'

/** Where the engine stands in the tree: what the way there adds to each task. */
export interface Frame {
  /** Tells inclusions of the same task apart. */
  readonly key: string
  /** Variables of the includes on the way, outermost first. */
  readonly includeParams: readonly Variables[]
  /** Variables that every step here has from blocks around: what an include has besides is its own. */
  readonly outerVars: Variables
  /** Blocks around that want to know of failures, outermost first. */
  readonly catchers: readonly Catcher[]
  /** Check mode: steps here run only if that task fails, which is not known. */
  readonly onlyIfFailed?: string
  /** A failure here goes to a rescue. */
  readonly rescuable: boolean
  readonly handler: boolean
  /** Hosts that failed take part too: forced handlers. */
  readonly withFailed: boolean
  /** What comes behind the steps that are walked through here, if nothing fails. */
  readonly after?: Place | undefined
}

export const rootFrame: Frame = {
  key: '',
  includeParams: [],
  outerVars: new Map(),
  catchers: [],
  rescuable: false,
  handler: false,
  withFailed: false,
}
