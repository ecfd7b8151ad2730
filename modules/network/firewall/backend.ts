import type { ShellText } from '../../../core/connection/quote.ts'
import type { Change } from '../../../core/module/types.ts'
import type { Opening } from './opening.ts'

/** One firewall that rules a host, as it was found. */
export interface Firewall {
  readonly name: 'firewalld' | 'ufw' | 'nftables'
  /** What differs, live and for good. Raises ModuleFailure for what cannot be. */
  changes(openings: readonly Opening[], state: 'present' | 'absent'): Change[]
  /** Makes it so, live and for good; where one of them fails, none is kept and the status is not 0. */
  script(openings: readonly Opening[], state: 'present' | 'absent'): ShellText
  /** What a reader should know: rules of others that close what was opened. */
  warnings(openings: readonly Opening[], state: 'present' | 'absent'): string[]
}
