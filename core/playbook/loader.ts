import type { Position } from '../events/types.ts'
import { collect, readDocument } from '../inventory/index.ts'
import { type Diagnostic, errorAt, type ToValueOptions, toValue, type YamlNode } from '../language/index.ts'
import type { Value } from '../language/values.ts'
import type { Context } from './context.ts'
import type { PlaybookOptions, Role, Step } from './types.ts'

/** What a role is asked for, besides its name. */
export interface RoleRequest {
  readonly name: string
  readonly at: Position
  readonly params: ReadonlyMap<string, Value>
  readonly tasksFrom?: string | undefined
  readonly varsFrom?: string | undefined
  readonly defaultsFrom?: string | undefined
  readonly handlersFrom?: string | undefined
  /** A role listed twice with the same parameters runs once, unless this or its meta says otherwise. */
  readonly allowDuplicates?: boolean | undefined
}

export interface BuiltRole {
  readonly role: Role
  readonly steps: Step[]
}

/** One reading of a playbook or an include: its options, its mistakes, and the builders that call one another. */
export interface Loader {
  readonly options: PlaybookOptions
  readonly diagnostics: Diagnostic[]
  readonly values: ToValueOptions
  /** Steps of a list of tasks; `handlers` says that they are handlers. */
  steps(node: YamlNode | undefined, context: Context, handlers?: boolean): Promise<Step[]>
  /** Steps of a role with its dependencies; undefined when it was not found. Its handlers and uses go to the context's play. */
  role(request: RoleRequest, context: Context): Promise<BuiltRole | undefined>
}

export function report(loader: Loader, code: string, message: string, at: Position, hint?: string): void {
  loader.diagnostics.push(errorAt(code, message, at, hint))
}

export function warn(loader: Loader, code: string, message: string, at: Position, hint?: string): void {
  loader.diagnostics.push({ severity: 'warning', code, message, at, ...(hint !== undefined && { hint }) })
}

/** A node's value; a vault that cannot be opened is reported, and null. */
export function nodeValue(loader: Loader, node: YamlNode): Value {
  return collect(loader.diagnostics, () => toValue(node, loader.values)) ?? null
}

/** The root of a YAML file; its mistakes are reported. */
export async function readYaml(loader: Loader, file: string): Promise<YamlNode | undefined> {
  const document = await readDocument(file, loader.options)
  loader.diagnostics.push(...document.diagnostics)
  return document.root
}
