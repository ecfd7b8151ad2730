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
 * answer per scope, and reports a cycle by naming its members.
 */
export interface Scope {
  get(name: string): Value | undefined
  /** Every name, for `vars`, and for did-you-mean. */
  names(): Iterable<string>
  readonly environment: Environment
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
}

export interface CallContext {
  readonly scope: Scope
  readonly at: Position
}

export type FilterFunction = (input: Value, args: readonly Value[], kwargs: ReadonlyMap<string, Value>, context: CallContext) => Value
export type TestFunction = (input: Value, args: readonly Value[], kwargs: ReadonlyMap<string, Value>, context: CallContext) => boolean

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
 * compileTemplate(source, at): CompiledTemplate      cached by content; DiagnosticError with file:line:col for bad syntax
 * compileExpression(source, at): CompiledExpression  a bare expression, as in `when:` and `until:`
 * templateFile(source, file): CompiledTemplate       a whole file: Ansible's trim_blocks, keeps the final newline
 */
export interface CompiledTemplate {
  readonly at: Position
  /** Native types: a template that is one expression gives its value, else a string. */
  evaluate(scope: Scope): Value
  /** The same, waiting for lookups. */
  evaluateAsync(scope: Scope): Promise<Value>
  /** Root names it reads, as far as can be told without evaluating; for static checks. */
  readonly names: readonly TemplateName[]
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

/**
 * resolve(value, scope): Value                 replaces every Template inside, deeply; throws TemplateError
 * resolveAsync(value, scope): Promise<Value>
 * toJson(value): Json                          the border to modules and events; Undefined and Unknown inside raise
 * fromJson(json): Value                        strings stay data, never templates
 * isTruthy(value): boolean                     Python's truth; raises for Undefined and Unknown
 */
export interface Resolver {
  resolve(value: Value, scope: Scope): Value
}

/** Variables as layers, the last one wins. */
export type VariableLayers = readonly Variables[]

export type { Callable, Template, Value, Variables }
