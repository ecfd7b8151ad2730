import type { z } from 'zod'
import type { LargeFile } from '../connection/files/large-file.ts'
import type { JointRead } from '../connection/joint.ts'
import type { ShellText } from '../connection/quote.ts'
import type { CommandOptions, CommandResult, Connection } from '../connection/types.ts'
import type { Json, JsonObject } from '../events/json.ts'
import type { TextDiff } from '../events/types.ts'
import type { Libvirt, LibvirtReader } from '../libvirt/types.ts'

/*
 * What a module is: see docs/architecture.md. A module says what; the engine decides when. Each is one object in one file under modules/,
 * made by defineState, defineRun, defineFleet or defineControl.
 */

export type HostName = string

/** What an unapplied change would tell, and only it: a generated id, the state after an installation. */
export const UNKNOWN = Symbol('unknown')

/** One difference between what is and what the task declares. */
export interface Change {
  /** What differs: `mode`, `content`, `packages.nginx`, `devices.disk[vda].source`. */
  readonly path: string
  readonly before?: Json
  readonly after?: Json | typeof UNKNOWN
  /**
   * now: gone after apply, else the task fails ("did not converge"); pending: waits for a boot or the guest, reported, and
   * not counted as a change again; action: an act without a state behind it (a restart).
   */
  readonly effect: 'now' | 'pending' | 'action'
  /** Why, or what it disturbs. */
  readonly note?: string
  /** Lines to show under --diff instead of before and after. */
  readonly text?: TextDiff
}

// ---- What a module sees -------------------------------------------------------------------------------------------------

/** Files of the controller: beside the playbook and in the role's files/ and templates/. */
export interface ControllerFiles {
  /** Absolute path of a file named in a task; raises ModuleFailure naming the folders that were searched. */
  find(kind: 'files' | 'templates', path: string): Promise<string>
  /** The same Buffer for all hosts as long as the file is the same: it must not be written to. */
  read(absolutePath: string): Promise<Buffer>
  /** A file too large to be read into memory, with its checksum; undefined for one that `read` is for, or that is encrypted. */
  large(
    absolutePath: string,
    options: { signal: AbortSignal; onProgress: (percent: number) => void },
  ): Promise<LargeFile | undefined>
  /** Names below a folder, relative, sorted; folders end with `/`. */
  list(absolutePath: string): Promise<string[]>
  stat(
    absolutePath: string,
  ): Promise<{ kind: 'file' | 'directory' | 'other'; size: number; mode: number; mtimeMs: number }>
}

export interface RenderOptions {
  /** More variables, above all others. */
  readonly variables?: JsonObject
  readonly trimBlocks?: boolean
  readonly lstripBlocks?: boolean
}

/** One text for a host, on the controller; its form is the setup module's. */
export interface FactStore {
  /** How old a fact may be, in milliseconds. */
  readonly age: number
  /** The text, and when it was saved, in milliseconds since the epoch; undefined where there is none or it cannot be read. */
  load(): Promise<{ text: string; savedMs: number } | undefined>
  save(text: string): Promise<void>
}

/** A host as a probe sees it: it reads, and changes nothing. */
export interface Reader {
  readonly name: HostName
  /** Other names and variables that a fleet module needs: inventory variables already resolved, as JSON. */
  variable(name: string): Json | undefined
  readonly signal: AbortSignal
  /** True in a check run. */
  readonly check: boolean
  /** Whether --diff was asked: a probe may leave out what only a diff needs. */
  readonly wantsDiff: boolean
  /** Whether this part of the result may be read by some text of the run, or is shown: a probe may leave out what costs much and nobody looks at. */
  wantsResult(...path: readonly string[]): boolean
  /**
   * Runs a script that changes nothing. Reads issued in one tick leave in one write. Answers with any exit status.
   */
  read(script: ShellText, options?: CommandOptions): Promise<CommandResult>
  /**
   * The same for a look that others take too: what is asked in one tick, by this task and by others, is one script with
   * fewer processes.
   */
  readJointly<I, R>(read: JointRead<I, R>, item: I): Promise<R>
  /** libvirt on that host; the URI defaults to qemu:///system or the variable `libvirt_uri`. */
  readonly libvirt: LibvirtReader
  readonly files: ControllerFiles
  /** Where facts of this host are kept between runs, if the user wants that. */
  readonly factStore?: FactStore | undefined
  /** Renders a template of the user's with the task's variables; text from a host must never come here. */
  render(source: string, file: string, options?: RenderOptions): Promise<string>
  /** For the screen: what is going on, and how far. */
  progress(message: string, percent?: number): void
  /** A line of a command's output, as it comes. */
  line(stream: 'stdout' | 'stderr', line: string): void
}

/** A host that may be changed. */
export interface Host extends Reader {
  /** Runs a script that changes the host. */
  run(script: ShellText, options?: CommandOptions): Promise<CommandResult>
  readonly libvirt: Libvirt
  /** For modules that transfer much, relay sockets or wait for the connection itself. */
  connection(): Promise<Connection>
  /** Drops the connection and opens it anew, once, without retries; raises ConnectionError. */
  reconnect(): Promise<void>
  /** Replaces or makes a file in one round trip if it is small: see core/connection/files. */
  writeFile(path: string, content: Buffer, attributes: FileAttributes): Promise<{ backup?: string }>
  /** The same for a large file: resumed where an earlier attempt broke off, verified as a whole, few at once over one uplink. */
  uploadFile(path: string, file: LargeFile, attributes: FileAttributes): Promise<{ backup?: string }>
  /** Registers a value that must never be shown. */
  secret(value: string): void
}

export interface FileAttributes {
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
  readonly backup?: boolean
  /** Command that must accept the new file before it is put in place; `%s` is its path. */
  readonly validate?: string
  readonly unsafeWrites?: boolean
}

/** The task failed on this host, for a reason the user can act on. `result` becomes part of what is registered. */
export class ModuleFailure extends Error {
  readonly hint: string | undefined
  readonly result: JsonObject | undefined
  constructor(message: string, options: { hint?: string; result?: JsonObject; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ModuleFailure'
    this.hint = options.hint
    this.result = options.result
  }
}

// ---- The four kinds -----------------------------------------------------------------------------------------------------

/** What all kinds share; from it come validation, docs, JSON Schema and completion. */
export interface ModuleDescription {
  readonly name: string
  /** Other names, `ansible.builtin.x` and the like; the bare name's FQCN under ansible.builtin is always known. */
  readonly aliases?: readonly string[]
  /** One sentence. */
  readonly summary: string
  /** More, in Markdown. */
  readonly description?: string
  readonly args: z.ZodType
  /** Argument that takes free text: `command: echo hi creates=/x`, `debug` has none. */
  readonly freeForm?: { readonly argument: string; readonly options: readonly string[] }
  /** What `register` sees, by name. */
  readonly returns?: Readonly<Record<string, string>>
  /** YAML of tasks, for the docs; a test validates them. */
  readonly examples?: string
  /**
   * What a change may reach besides what the task names, for check mode: `host` (packages, services, a boot), only its
   * `subject`, or `nothing` (it reads). The default: host for run modules and shielded ones, subject for the others.
   */
  readonly touches?: 'host' | 'subject' | 'nothing'
}

/** A state on one host that can be compared: sysctl, template, package, libvirt_domain. */
export interface StateModule<A, S, R extends JsonObject = JsonObject> extends ModuleDescription {
  readonly kind: 'state'
  /** Reads only; may run ahead of its turn, and again. A missing tool or package is an empty state, not an error. */
  probe(host: Reader, args: A): Promise<S>
  /** Pure. None: nothing to do. Raises ModuleFailure for what cannot be. */
  diff(state: S, args: A): readonly Change[]
  /** May answer values that only the act could tell; they are added to the result. */
  apply(host: Host, args: A, state: S, changes: readonly Change[]): Promise<JsonObject | undefined>
  /** What `register` sees: Ansible's values where the module is Ansible's. `changed` is added by the engine. */
  result(state: S, args: A): R
  /** One line for an unchanged host. */
  why?(state: S, args: A): string
  /** The probe wakes something up (socket activation, automount, cache refresh), with these arguments: it never runs ahead. */
  readonly wakes?: boolean | ((args: A) => boolean)
  /** Effects stay on the host that is changed: nothing another host could see. Default false. */
  readonly local?: boolean
  /** Must not be cut: interrupting waits for apply to end. */
  readonly shielded?: boolean
}

/** An act: command, shell, script, reboot, wait_for. */
export interface RunModule<A, R extends JsonObject = JsonObject> extends ModuleDescription {
  readonly kind: 'run'
  /** `failed: true` in the answer fails the task; ModuleFailure does too. */
  run(host: Host, args: A): Promise<R & { changed: boolean }>
  /** What can be told without acting; the default is skipped, its registered values unknown. */
  check?(host: Reader, args: A): Promise<(R & { changed: boolean }) | Skipped>
  readonly shielded?: boolean
}

/** In check mode: not run, and why. What it would have returned is unknown. */
export interface Skipped {
  readonly skipped: true
  readonly reason: string
}

/** Once per batch, over several hosts: libvirt_vms, libvirt_migrate, drain. */
export interface FleetModule<A, S, R extends JsonObject = JsonObject> extends ModuleDescription {
  readonly kind: 'fleet'
  /** Per host, over the play's whole pattern, whatever --limit and serial say. Reads only. */
  probe(host: Reader, args: A): Promise<S>
  /** Why a host that answered is as good as silent for this module: libvirt there is not. Pure. */
  silence?(state: S): string | undefined
  /** A second round of reads that needs the first one's answers from several hosts: a preflight. Reads only. */
  examine?(hosts: ReadonlyMap<HostName, Reader>, states: FleetStates<S>, args: A): Promise<FleetStates<S>>
  /** Pure. Raises ModuleFailure for what cannot be, and where a silent host could hold what is asked for. */
  diff(states: FleetStates<S>, args: A): readonly FleetChange[]
  /** One change; those whose `needs` are met run side by side, at most `parallel`. */
  apply(hosts: ReadonlyMap<HostName, Host>, change: FleetChange, args: A): Promise<void>
  /** What must not be left behind when a change failed. Only what this run made. */
  undo?(hosts: ReadonlyMap<HostName, Host>, change: FleetChange, args: A): Promise<void>
  result(states: FleetStates<S>, args: A): R
  readonly parallel?: number
  readonly shielded?: boolean
}

/** Answers of a fleet: a host that did not answer may hold anything. */
export interface FleetStates<S> {
  readonly answered: ReadonlyMap<HostName, S>
  /** Host and why it is silent: unreachable, failed probe. */
  readonly silent: ReadonlyMap<HostName, string>
  /** Hosts that this run may change, in check mode too: what --limit leaves. Default: all that answered. */
  readonly writable?: ReadonlySet<HostName>
}

export interface FleetChange {
  readonly id: string
  /** What the user sees: the VM's name. */
  readonly item: string
  /** Hosts it touches; the first one's result counts it. */
  readonly hosts: readonly HostName[]
  readonly changes: readonly Change[]
  /** Ids that must have succeeded before. */
  readonly needs: readonly string[]
  /** Why it cannot be: nothing is done for it, its item fails, in check mode too, and the others go on. */
  readonly refusal?: ModuleFailure
}

/** No host is touched: debug, assert, fail, set_fact. */
export interface ControlModule<A, R extends JsonObject = JsonObject> extends ModuleDescription {
  readonly kind: 'control'
  /** May raise ModuleFailure. `ansible_facts` in the answer become facts of the host. */
  decide(variables: ControlVariables, args: A): Promise<R & { changed: boolean }>
}

/** The task's variables, for control modules. */
export interface ControlVariables {
  /** Value of an expression such as `a.b[0] > 2`, as JSON. */
  evaluate(expression: string): Promise<Json>
  /** Verbosity of the run: number of -v. */
  readonly verbosity: number
  readonly files: ControllerFiles
}

export type Module<A = never, S = never, R extends JsonObject = never> =
  | StateModule<A, S, R>
  | RunModule<A, R>
  | FleetModule<A, S, R>
  | ControlModule<A, R>

// biome-ignore-start lint/suspicious/noExplicitAny: a registry holds modules of every argument and state type
export type AnyModule =
  | StateModule<any, any, any>
  | RunModule<any, any>
  | FleetModule<any, any, any>
  | ControlModule<any, any>
// biome-ignore-end lint/suspicious/noExplicitAny: see above
