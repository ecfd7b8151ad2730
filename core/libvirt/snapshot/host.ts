import type { ShellText } from '../../connection/quote.ts'
import type { CommandOptions, CommandResult } from '../../connection/types.ts'
import type { Libvirt } from '../types.ts'
import type { Snapshot } from './read.ts'

/** Where a snapshot is deleted. */
export interface SnapshotHost {
  readonly libvirt: Libvirt
  read(script: ShellText, options?: CommandOptions): Promise<CommandResult>
  /** What must not be cut, and takes as long as the images are large. */
  run(script: ShellText): Promise<CommandResult>
  readonly signal?: AbortSignal
  /** What is going on, and how far. */
  progress(message: string, percent?: number): void
}

/** A snapshot of a domain, which is to go or to be gone back to. */
export interface ChosenSnapshot {
  /** The domain's name, for messages. */
  readonly domain: string
  readonly uuid: string
  readonly snapshot: Snapshot
}
