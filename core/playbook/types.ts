import type { Position } from '../events/types.ts'
import type { VaultAccess } from '../inventory/types.ts'
import type { Diagnostic } from '../language/diagnostic.ts'
import type { CompiledExpression, Value, Variables } from '../language/types.ts'
import type { ModuleRegistry } from '../module/registry.ts'

/*
 * The typed tree of a playbook. Everything that can be known without a host is resolved here: imports, roles and their
 * dependencies, defaults of keywords, the module of each task. Values that may hold templates are `Value` with their
 * Templates; the engine resolves them per host.
 */

export interface Playbook {
  readonly file: string
  readonly plays: readonly Play[]
}

/**
 * Keywords that plays, blocks and tasks share; the innermost wins, `when`, `tags` and `vars` add up. On a step they are complete:
 * what its play, role, imports and blocks say is in them already, except the play's `vars`, a layer of their own.
 */
export interface Keywords {
  /** Each must hold; outer ones first. */
  readonly when: readonly CompiledExpression[]
  readonly vars: Variables
  readonly become?: Value
  readonly becomeUser?: Value
  readonly becomeMethod?: Value
  readonly becomeFlags?: Value
  readonly becomeExe?: Value
  readonly connection?: Value
  readonly remoteUser?: Value
  readonly port?: Value
  readonly environment: readonly Value[]
  readonly ignoreErrors?: Value
  readonly ignoreUnreachable?: Value
  readonly checkMode?: Value
  readonly diff?: Value
  readonly noLog?: Value
  readonly anyErrorsFatal?: Value
  readonly throttle?: Value
  readonly timeout?: Value
  readonly runOnce?: Value
  readonly delegateTo?: Value
  readonly delegateFacts?: Value
  readonly collections?: readonly string[]
}

export interface Play extends Keywords {
  readonly name: string
  readonly hosts: Value
  readonly gatherFacts: Value | undefined
  readonly gatherSubset: Value | undefined
  readonly varsFiles: readonly Value[]
  readonly varsPrompt: readonly VarsPrompt[]
  readonly serial: Value | undefined
  readonly strategy: 'linear' | 'free' | 'host_pinned'
  /** inventory, reverse_inventory, sorted, reverse_sorted, shuffle */
  readonly order: string
  readonly maxFailPercentage: Value | undefined
  readonly forceHandlers: Value | undefined
  readonly lease: Value | undefined
  readonly tags: readonly string[]
  readonly roles: readonly Role[]
  readonly preTasks: readonly Step[]
  /** Tasks of the roles. */
  readonly roleTasks: readonly Step[]
  readonly tasks: readonly Step[]
  readonly postTasks: readonly Step[]
  readonly handlers: readonly Step[]
  /** Folder of the playbook: files, templates, roles, group_vars are looked for beside it. */
  readonly folder: string
  readonly at: Position
}

/** A variable the user is asked for before the play, unless extra variables give it. */
export interface VarsPrompt {
  readonly name: string
  readonly prompt: Value
  readonly default: Value | undefined
  /** Not echoed; the default is true. */
  readonly private: boolean
  readonly confirm: boolean
  readonly at: Position
}

/** One use of a role; its defaults and vars are layers of their own in the precedence. */
export interface Role {
  readonly name: string
  readonly folder: string
  readonly defaults: Variables
  readonly vars: Variables
  /** Given where the role is used. */
  readonly params: Variables
  readonly at: Position
  /** Role from which this one is a dependency. */
  readonly parent?: Role
}

export type Step = Task | Block | Include

interface StepCommon extends Keywords {
  /** Unique in the tree, stable between runs of the same files: path of positions. */
  readonly id: string
  readonly name: Value | undefined
  /** Own and inherited, sorted. */
  readonly tags: readonly string[]
  readonly role: Role | undefined
  readonly at: Position
}

export interface Task extends StepCommon {
  readonly kind: 'task'
  /** As written: `ansible.builtin.copy`. `meta` is a task too. */
  readonly module: string
  /** A dict, or the `_raw_params` of free form under that key; whole-dict `args` given as a template stands in `argsTemplate`. */
  readonly args: Value
  readonly argsTemplate: Value | undefined
  readonly loop: Loop | undefined
  readonly register: string | undefined
  /** Empty with `retries` given: until the task succeeds. */
  readonly until: readonly CompiledExpression[]
  readonly retries: Value | undefined
  readonly delay: Value | undefined
  readonly changedWhen: readonly CompiledExpression[] | undefined
  readonly failedWhen: readonly CompiledExpression[] | undefined
  readonly notify: readonly Value[]
  /** Handlers only: topics besides the name. */
  readonly listen: readonly string[]
}

export interface Loop {
  /** loop, or with_items and the others: the lookup whose answer is iterated, then `flatten` says Ansible's one-level flattening. */
  readonly items: Value
  readonly lookup: string | undefined
  readonly loopVar: string
  readonly indexVar: string | undefined
  readonly label: Value | undefined
  readonly pause: Value | undefined
  readonly extended: boolean
  readonly at: Position
}

export interface Block extends StepCommon {
  readonly kind: 'block'
  readonly steps: readonly Step[]
  readonly rescue: readonly Step[]
  readonly always: readonly Step[]
}

/** include_tasks, include_role: found when the engine comes to it, possibly per host. */
export interface Include extends StepCommon {
  readonly kind: 'include'
  readonly what: 'tasks' | 'role'
  /** File or role name; may be a template. */
  readonly target: Value
  readonly options: Readonly<Record<string, Value>>
  readonly loop: Loop | undefined
  /** Keywords that `apply` gives to what is included. */
  readonly apply: Value | undefined
  readonly register: string | undefined
}

export interface PlaybookOptions extends VaultAccess {
  /** Knows the modules by name; those that take free text are loaded while the playbook is read. */
  readonly registry: ModuleRegistry
  /** More folders with roles, after `roles/` beside the playbook. */
  readonly rolesPath?: readonly string[]
}

export interface LoadedPlaybook {
  /** Undefined when the file could not be read at all; a playbook with errors must not be run. */
  readonly playbook: Playbook | undefined
  readonly diagnostics: readonly Diagnostic[]
}

/** What an include brought. */
export interface LoadedInclude {
  readonly steps: readonly Step[]
  readonly handlers: readonly Step[]
  readonly role?: Role | undefined
  readonly diagnostics: readonly Diagnostic[]
}

/*
 * Implemented by load.ts and validate.ts:
 *   loadPlaybook(file, options): Promise<LoadedPlaybook>
 *   loadInclude(include, target, options): Promise<LoadedInclude>
 *   validatePlaybook(playbook, options): Promise<Diagnostic[]>   modules, arguments, filters, undefined names: all at once
 */
