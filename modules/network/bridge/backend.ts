import type { ShellText } from '../../../core/connection/quote.ts'
import type { BridgeSpec } from './spec.ts'

/** A file of the network's configuration; undefined content: it must not be there. */
export type ConfigFiles = ReadonlyMap<string, string | undefined>

/** One way to configure the network of a host. */
export interface NetworkBackend {
  readonly name: 'networkd' | 'netplan' | 'ifupdown'
  /** Files that have to be read before `files` can tell: their paths for a bridge. */
  inputs(spec: BridgeSpec): readonly string[]
  /** What the files shall be. `current` has the inputs and every file that `inputs` named; ModuleFailure where it cannot be. */
  files(spec: BridgeSpec, current: ConfigFiles): ConfigFiles
  readonly mode: string
  /** Before the new files are in place. */
  before(spec: BridgeSpec): ShellText
  /** Puts the files that are there into force. */
  activate(spec: BridgeSpec): ShellText
}
