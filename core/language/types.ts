import type { Position } from '../events/types.ts'
import type { Diagnostic } from './diagnostic.ts'
import type { Callable, Template, Value, Variables } from './values.ts'

/*
 * The contract of the language: YAML with positions, templates and expressions. Files of this folder that implement it:
 * yaml.ts (parseYaml, toValue), template.ts (compile, evaluate), filters/, tests/, lookups/.
 */

// ---- YAML ---------------------------------------------------------------------------------------------------------------

/** A document as read: every node knows where it stands. Scalars are read as Ansible reads them (YAML 1.1 as PyYAML has it). */
export type YamlNode = YamlScalar | YamlSequence | YamlMapping

export interface YamlScalar {
  readonly kind: 'scalar'
  /** null, boolean, number, bigint, Float or string; a string with template marks is a Template; !vault is decrypted by toValue. */
  readonly value: Value
  /** The text as written, for errors and for octal modes: `0644`. */
  readonly source: string
  /** Plain, or how it was quoted. */
  readonly style: 'plain' | 'single' | 'double' | 'literal' | 'folded'
  readonly tag?: 'vault' | 'unsafe'
  readonly at: Position
}

export interface YamlSequence {
  readonly kind: 'sequence'
  readonly items: readonly YamlNode[]
  readonly at: Position
}

export interface YamlMapping {
  readonly kind: 'mapping'
  readonly entries: readonly YamlEntry[]
  readonly at: Position
}

export interface YamlEntry {
  readonly key: YamlScalar
  readonly value: YamlNode
}

export interface ParsedYaml {
  /** Undefined for an empty file. */
  readonly root: YamlNode | undefined
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * parseYaml(text, file): ParsedYaml            never throws for bad input
 * toValue(node, options): Value                Templates stay Templates; !vault through options.decrypt
 * toVariables(node, options): Variables        a mapping with string keys, else DiagnosticError
 * mapGet(mapping, key): YamlEntry | undefined
 */
export interface ToValueOptions {
  /** Opens a !vault text; the result is registered with the redactor by the one who gives this function. */
  readonly decrypt?: (vaultText: string, at: Position) => string
}

// ---- Scope --------------------------------------------------------------------------------------------------------------

/**
 * What names mean while a template is evaluated. `get` may return values with Templates inside: the evaluator resolves them
 * against the same scope when, and only when, they are read (so an unused broken variable does no harm), remembers the
 * answer per scope object, and reports a cycle by naming its members. So a scope does not change: make another one when a
 * variable does, and do not write into dicts and lists it has given. Dicts made on demand are LazyDicts: `hostvars` is one
 * of `variablesOf(scope)` by host; `vars` need not be supplied.
 */
export interface Scope {
  get(name: string): Value | undefined
  /** Every name, for `vars`, and for did-you-mean. */
  names(): Iterable<string>
  readonly environment: Environment
  /** The evaluator's own: what templates came to. It counts for the scope it names, not for a copy of that. */
  resolved?: { readonly scope: Scope; readonly values: Map<Template, Value> }
}

/** What does not differ between scopes: functions and folders. */
export interface Environment {
  readonly filters: ReadonlyMap<string, FilterFunction>
  readonly tests: ReadonlyMap<string, TestFunction>
  readonly lookups: ReadonlyMap<string, LookupFunction>
  readonly globals: ReadonlyMap<string, Value | Callable>
  /** Search path for template includes and file lookups: play folder, role folders. */
  readonly folders: readonly string[]
  /** Aborts lookups. */
  readonly signal?: AbortSignal
  /** Opens and closes vault texts, for the filters and lookups `vault` and `unvault`; without it they fail. */
  readonly vault?: VaultAccess
}

/** The vault passwords of the run. Who gives it registers what it opens with the redactor. */
export interface VaultAccess {
  /** The text of a `$ANSIBLE_VAULT` envelope. */
  decrypt(vaultText: string): string
  encrypt?(text: string): string
}

export interface CallContext {
  readonly scope: Scope
  readonly at: Position
}

export type FilterFunction = (
  input: Value,
  args: readonly Value[],
  kwargs: ReadonlyMap<string, Value>,
  context: CallContext,
) => Value
export type TestFunction = (
  input: Value,
  args: readonly Value[],
  kwargs: ReadonlyMap<string, Value>,
  context: CallContext,
) => boolean

/**
 * A lookup reads the outside world, so it may answer later. A promise suspends the evaluation: it is awaited by
 * evaluateAsync, which then evaluates again with the answer remembered.
 */
export type LookupFunction = (
  terms: readonly Value[],
  kwargs: ReadonlyMap<string, Value>,
  context: CallContext,
) => Value[] | Promise<Value[]>

// ---- Templates and expressions ------------------------------------------------------------------------------------------

/**
 * compile(template): CompiledTemplate                of a Template: exact positions, also in block scalars
 * compileTemplate(source, at): CompiledTemplate      cached by content; DiagnosticError with file:line:col for bad syntax
 * compileExpression(source, at, parts?): CompiledExpression  a bare expression, as in `when:` and `until:`
 * templateFile(source, file): CompiledTemplate       a whole file: Ansible's trim_blocks, keeps the final newline; gives text
 *
 * As in Ansible a newline behind `%}` is dropped, and the result ends in as many newlines as the source.
 */
export interface CompiledTemplate {
  readonly at: Position
  /** As written. */
  readonly source: string
  /** Native types: a template that is one expression gives its value, else a string. */
  evaluate(scope: Scope): Value
  /** The same, waiting for lookups. */
  evaluateAsync(scope: Scope): Promise<Value>
  /** Root names it reads, as far as can be told without evaluating; for static checks. */
  readonly names: readonly TemplateName[]
  /** Filters, tests and lookups it names. */
  readonly uses: TemplateUses
  /** What is odd about how it is written, such as braces in a condition; no errors among them. */
  readonly notes: readonly Diagnostic[]
}

export interface TemplateName {
  readonly name: string
  readonly at: Position
  /** Read only under `is defined`, `default(...)` or a branch of a condition. */
  readonly guarded: boolean
}

export type CompiledExpression = CompiledTemplate

/** Names of functions that a static check may look for: unknown filter, test or lookup is an error before the run. */
export interface TemplateUses {
  readonly filters: readonly { name: string; at: Position }[]
  readonly tests: readonly { name: string; at: Position }[]
  readonly lookups: readonly { name: string; at: Position }[]
}

export type { Callable, Template, Value, Variables }
