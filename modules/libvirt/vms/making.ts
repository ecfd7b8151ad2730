import type { WantedVm } from './wanted.ts'

/** What a VM to be made needs besides what the task says. */
export interface Making {
  readonly vm: WantedVm
  /** Of its interfaces, in order. */
  readonly macs: readonly string[]
  readonly acceleration: 'kvm' | 'tcg'
  /** Files that a run before made for it on this host, and that are not the ones it gets now: they stay in its journal. */
  readonly earlier: readonly string[]
}
