import type { ShellText } from '../../../core/connection/quote.ts'

/** What a package manager knows about one name. */
export interface PackageState {
  readonly installed: string | undefined
  /** Newest version it could install; undefined where it was not asked or there is none. */
  readonly candidate: string | undefined
  /** A name that only others provide, and which of them is installed. */
  readonly providedBy?: string
}

export interface PackageQuery {
  readonly names: readonly string[]
  /** Ask for candidates too: needed for `latest` and to tell a wrong name before anything is done. */
  readonly candidates: boolean
}

export interface PackageAct {
  readonly install: readonly string[]
  readonly remove: readonly string[]
  readonly purge: boolean
  readonly autoremove: boolean
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
  /** Prints the age of the package lists in seconds, -1 if there are none. */
  readonly cacheAge: ShellText
  act(act: PackageAct): ShellText
  /** Text that installs this version of a package. */
  versioned(name: string, version: string): string
}
