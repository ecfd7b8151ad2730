import type { ShellText } from '../../../core/connection/quote.ts'
import type { Change } from '../../../core/module/types.ts'
import type { BridgeSpec } from './spec.ts'

/** A file of the network's configuration; undefined content: it must not be there. */
export type ConfigFiles = ReadonlyMap<string, string | undefined>

/** What shall be brought up from the files that are in place. */
export interface Activation {
  /** Of the bridge, there or not. */
  readonly name: string
  /** True when a change is taken back: the files are the old ones again. */
  readonly restore: boolean
  /** The bridge, if it shall be there. */
  readonly bridge: string | undefined
  /** A bridge that goes. */
  readonly gone: string | undefined
  readonly ports: readonly string[]
  /** Interfaces that are no ports of it any more, or not yet, and have their own configuration again. */
  readonly free: readonly string[]
}

/** One way to configure the network of a host. */
export interface NetworkBackend {
  readonly name: 'NetworkManager' | 'netplan' | 'networkd' | 'ifupdown' | 'ifcfg'
  /** Files that have to be read before `files` can tell: their paths for a bridge. */
  inputs(spec: BridgeSpec): readonly string[]
  /** How the paths of other files begin, all of which it needs beside its inputs. */
  readonly reads?: string
  /** What the files shall be. `current` has the inputs and every file that `inputs` named; ModuleFailure where it cannot be. */
  files(spec: BridgeSpec, current: ConfigFiles): ConfigFiles
  /** What is not in force though the files say so, beside what the kernel tells; none unless given. */
  drift?(spec: BridgeSpec): Change[]
  /** Of a new file. */
  readonly mode: string
  /** Takes these interfaces out of force, while the files that brought them up are still in place. In the guard's folder. */
  release(interfaces: readonly string[]): ShellText
  /** Puts the files that are there into force. */
  activate(activation: Activation): ShellText
}
