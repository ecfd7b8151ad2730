/*
 * What makes a probe that ran ahead of its turn give the answer that it would have given in its turn. Each rule can be taken
 * out, so that the property test can prove that it is needed; nothing else does that.
 */

/** Rules of use: an answer is thrown away where one does not hold. */
export type UseRule =
  /** No write was sent to the host after the probe began. */
  | 'own-writes'
  /** Under the linear strategy: no write of an earlier task was sent to another host (NFS, shared disks, delegation). */
  | 'fleet-writes'
  /** While the probe began, no write was under way that has no common order with it: another user's shell, another channel. */
  | 'common-order'
  /** No write was sent to the controller: templates and files of every host are read there. */
  | 'controller-writes'
  /** No variable came but those that were awaited: facts, an inventory that grew, what another host's task set. */
  | 'variables'
  /** The host has not failed: a rescue goes another way. */
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
  /** A probe that wakes something up waits. */
  | 'wakes'
  /** Nobody looks beyond includes, meta tasks, changes of the inventory, gathered facts, and commands that will run. */
  | 'barriers'

export type Rule = UseRule | AheadRule

export const RULES: readonly Rule[] = [
  'own-writes',
  'fleet-writes',
  'common-order',
  'controller-writes',
  'variables',
  'failures',
  'age',
  'errors',
  'pending',
  'moods',
  'wakes',
  'barriers',
]
