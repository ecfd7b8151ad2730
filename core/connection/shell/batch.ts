import type { Command } from './command.ts'

export type StreamName = 'stdout' | 'stderr'

/** Where one stream is in the batch: which command its bytes belong to. */
export interface Cursor {
  at: number
  inside: boolean
  /** Between a foreign command's end and the cut of its reader: what its survivors write goes nowhere. */
  cutting: boolean
  over: boolean
  /** Answers of the listening shell to `vf_poll` and `vf_end` that are still due. */
  due: number
}

/** Commands in flight on one session, and how far each stream has come. */
export interface Batch {
  readonly commands: readonly Command[]
  readonly nonce: string
  readonly cursors: Record<StreamName, Cursor>
  ending: boolean
  /** Ended with all that is shielded in it. */
  insisted: boolean
  frozen: boolean
  quietSince: number
}

/** `begun`: where no mark tells that the first one begins. */
export function newBatch(
  commands: readonly Command[],
  nonce: string,
  begun: Readonly<Record<StreamName, boolean>>,
): Batch {
  const cursor = (inside: boolean): Cursor => ({ at: 0, inside, cutting: false, over: false, due: 0 })
  return {
    commands,
    nonce,
    cursors: { stdout: cursor(begun.stdout), stderr: cursor(begun.stderr) },
    ending: false,
    insisted: false,
    frozen: false,
    quietSince: Date.now(),
  }
}

/** The command that runs, by what has come of both streams, is one that nobody waits for and that may be ended. */
export function unwanted(batch: Batch, streams: readonly StreamName[]): boolean {
  const ats = streams.map((name) => batch.cursors[name].at)
  const at = Math.max(...ats)
  // The one before it has an answer that is wanted, and one stream has not told its end yet.
  if (Math.min(...ats) < at && batch.commands[at - 1]?.answered === false) return false
  const current = batch.commands[at]
  return current?.answered === true && !current.shielded
}
