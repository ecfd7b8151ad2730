import type { ConnectionPool } from '../connection/types.ts'
import type { EventListener, HostStats } from '../events/types.ts'
import type { Inventory } from '../inventory/types.ts'
import type { Diagnostic } from '../language/diagnostic.ts'
import type { Value, Variables } from '../language/values.ts'
import type { ModuleRegistry } from '../module/registry.ts'
import type { Include, Play, Playbook, Role, Step } from '../playbook/types.ts'
import type { Redactor } from '../secrets/index.ts'
import type { FactFolder } from './host/fact-folder.ts'
import type { Rule } from './speculation/rules.ts'

/** What an include brought: the answer of the playbook's loader. */
export interface Included {
  /** Undefined or empty when it could not be loaded: then the diagnostics say why. */
  readonly steps: readonly Step[]
  readonly handlers: readonly Step[]
  readonly role?: Role | undefined
  readonly diagnostics: readonly Diagnostic[]
}

/** Loads the target of include_tasks or include_role; the target and the options are rendered already. */
export type IncludeLoader = (
  include: Include,
  target: string,
  options: Readonly<Record<string, Value>>,
  play: Play,
) => Promise<Included>

/** Asks the run to stop: once to start nothing new, twice to end what runs. */
export interface Interrupts {
  /** Calls back with 1, then with 2. Gives a function that stops listening. */
  onInterrupt(callback: (level: 1 | 2) => void): () => void
}

/** Privilege escalation given on the command line: below keywords and variables. */
export interface BecomeDefaults {
  readonly enabled?: boolean
  readonly method?: string
  readonly user?: string
  /** Registered with the redactor by the one who gives it. */
  readonly password?: string
}

export interface ConnectionDefaults {
  readonly user?: string
  readonly password?: string
  readonly privateKeyFile?: string
  /** ssh, openssh, local; the default is ssh. */
  readonly transport?: string
  readonly timeoutMs?: number
  readonly sshArgs?: readonly string[]
  readonly hostKeyPolicy?: 'strict' | 'accept-new' | 'off'
}

/** Probes that leave before their turn, in the same round trip as others. */
export interface SpeculationOptions {
  /** Probes on their way ahead of a task, at most; default 32; 0: each one in its turn. */
  readonly window?: number
  /** For tests: the rules that hold; all, if it is not given. */
  readonly rules?: ReadonlySet<Rule>
}

/** Everything a run needs; nothing else is read from the process. */
export interface RunRequest {
  readonly playbooks: readonly Playbook[]
  readonly inventory: Inventory
  readonly registry: ModuleRegistry
  readonly pool: ConnectionPool
  readonly redactor: Redactor
  readonly listeners: readonly EventListener[]
  readonly loadInclude: IncludeLoader
  readonly check?: boolean
  readonly diff?: boolean
  readonly limit?: string | readonly string[]
  readonly tags?: readonly string[]
  readonly skipTags?: readonly string[]
  /** Name of the first task to run, wildcards allowed. */
  readonly startAtTask?: string
  readonly extraVars?: Variables
  /** Answers to a play's vars_prompt, asked before the run. */
  readonly promptedVars?: (play: Play) => Variables | undefined
  /** Hosts at work at the same time; default 50. */
  readonly forks?: number
  /** Whether somebody sees all that tasks answer with, also where nothing failed; default true. Otherwise modules may leave out what no text reads. */
  readonly showsResults?: boolean
  /** Number of -v. */
  readonly verbosity?: number
  readonly become?: BecomeDefaults
  readonly connection?: ConnectionDefaults
  readonly forceHandlers?: boolean
  /** Where gathered facts are kept between runs. */
  readonly facts?: FactFolder
  /** How far probes run ahead of their turn; see docs/architecture.md. */
  readonly speculation?: SpeculationOptions
  /** Opens a !vault text in files that are read during the run (vars_files, include_vars). */
  readonly decrypt?: (vaultText: string) => string
  readonly interrupts?: Interrupts
  /** How long another run's lease on a host is waited for, in milliseconds; default 60 000. */
  readonly leaseWait?: number
  /** Folder of the inventory, for `inventory_dir`, and its file. */
  readonly inventorySource?: { readonly folder: string; readonly file: string }
  readonly version?: string
  readonly now?: () => Date
  readonly runId?: string
  /** Operational log; never a place of results. Texts are redacted by the one who gives it. */
  readonly log?: (
    level: 'debug' | 'info' | 'warn' | 'error',
    message: string,
    details?: Record<string, unknown>,
  ) => void
}

/** What a run came to. The exit code is Ansible's: see exit-code.ts. */
export interface RunOutcome {
  readonly exitCode: number
  readonly stats: Readonly<Record<string, HostStats>>
  /** Check mode: per host, how many tasks could not be decided. */
  readonly undecided: Readonly<Record<string, number>>
}
