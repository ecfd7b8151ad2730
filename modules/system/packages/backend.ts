import type { ShellText } from '../../../core/connection/quote.ts'

/** What a package manager knows about one name. */
export interface PackageState {
  readonly installed: string | undefined
  /** Removed, but its configuration is still there (apt). */
  readonly residual?: boolean
  /** Newest version it could install; undefined where it was not asked or there is none. */
  readonly candidate: string | undefined
  /** Not installed, and no list tells of it: a wrong name, or lists that are too old. */
  readonly unheard?: boolean
  /** A name that only others provide, and which of them is installed. */
  readonly providedBy?: string
}

export interface PackageQuery {
  readonly names: readonly string[]
  /** Ask for the candidates of all; of those that are not installed they are asked anyway. */
  readonly candidates: boolean
  /** The task refreshes the lists, so the query may fetch them; else it is answered from what the host has. */
  readonly fresh?: boolean
}

/** What an upgrade would do with one package. */
export interface Pending {
  readonly name: string
  readonly installed: string | undefined
  readonly candidate: string | undefined
}

export interface PackageAct {
  readonly install: readonly string[]
  readonly remove: readonly string[]
  readonly purge: boolean
  readonly autoremove: boolean
  /** Upgrade everything: `full` may remove and install others on the way. */
  readonly upgrade: 'safe' | 'full' | undefined
  readonly updateCache: boolean
  readonly recommends: boolean | undefined
  readonly onlyUpgrade: boolean
  readonly options: readonly string[]
  /** Seconds to wait for another package run's lock. */
  readonly lockTimeout: number
}

/** One package manager: reads are scripts with parsers, the act is one script. */
export interface PackageBackend {
  readonly name: 'apt' | 'dnf' | 'zypper'
  query(query: PackageQuery): ShellText
  parse(output: string, query: PackageQuery): Map<string, PackageState>
  /** Prints what an upgrade of everything would do; `fresh` as in PackageQuery. */
  pending(full: boolean, fresh?: boolean): ShellText
  /** Package, installed and new version. */
  parsePending(output: string): readonly Pending[]
  /** Prints the age of the package lists in seconds, -1 if there are none. */
  readonly cacheAge: ShellText
  act(act: PackageAct): ShellText
}
