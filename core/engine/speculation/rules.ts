/*
 * What makes a probe that ran ahead of its turn give the answer that it would have given in its turn. Each rule can be taken
 * out, so that the property test can prove that it is needed; nothing else does that.
 */

/** Rules of use: an answer is thrown away where one does not hold. */
export type UseRule =
  /** After the probe began, no write was sent to the host, nor for another task of its owner's to any host. */
  | 'own-writes'
  /** Under the linear strategy: no write of an earlier task was sent to another host (NFS, shared disks, delegation). */
  | 'fleet-writes'
  /** While the probe began, none of these was under way without a common order with it: another user's shell, another channel. */
  | 'common-order'
  /** No variable came but those that were awaited: facts, an inventory that grew, what another host's task set. */
  | 'variables'
  /** The host has not failed, nor could it have (check mode): a rescue goes another way. */
  | 'failures'
  /** Answers grow old. */
  | 'age'
  /** A probe that failed is asked again in its turn. */
  | 'errors'

/** Rules of looking ahead: where one does not hold, a task's probe waits for its turn. */
export type AheadRule =
  /** What a task before it will register or set is not read. */
  | 'pending'
  /** Lookups, filters and tests that act, or that answer by the moment, wait. */
  | 'moods'
  /** A probe that wakes something up waits, and so does what may look at it. */
  | 'wakes'
  /**
   * Nobody looks beyond includes, meta tasks, changes of the inventory, gathered facts, commands that will run,
   * tasks with a time limit, and under free what one host does for all.
   */
  | 'barriers'

export type Rule = UseRule | AheadRule

export const RULES: readonly Rule[] = [
  'own-writes',
  'fleet-writes',
  'common-order',
  'variables',
  'failures',
  'age',
  'errors',
  'pending',
  'moods',
  'wakes',
  'barriers',
]
