import type { z } from 'zod'
import type { Json, JsonObject } from '../../events/json.ts'
import {
  DiagnosticError,
  type DictKey,
  didYouMean,
  errorAt,
  resolveSoon,
  type Scope,
  toJson,
  type Value,
} from '../../language/index.ts'
import type { AnyModule } from '../../module/types.ts'
import type { Task } from '../../playbook/types.ts'

const constants = new WeakMap<Task, { readonly module: AnyModule; readonly args: Json }>()

/**
 * Arguments in which nothing is a template, once one host has had them: they are the same for all, and frozen. Those of a fleet
 * module are told from one another by what run of it they are for.
 */
export function constantArguments(task: Task, module: AnyModule): Json | undefined {
  const known = constants.get(task)
  return known?.module === module ? known.args : undefined
}

/** Arguments of a task on one host: rendered, without what is `omit`, checked and coerced by the module's schema. */
export async function argumentsOf(task: Task, module: AnyModule, scope: Scope, omit: string): Promise<Json> {
  const args = new Map<DictKey, Value>()
  let isConstant = true
  for (const source of [task.argsTemplate, task.args]) {
    if (source === undefined || source === null) continue
    const soon = resolveSoon(source, scope)
    const value = soon instanceof Promise ? await soon : soon
    // What has no template in it is given back as it is.
    if (value !== source) isConstant = false
    const resolved = withoutOmitted(value, omit)
    if (resolved instanceof Map) for (const [key, value] of resolved) args.set(key, value)
    else if (resolved !== undefined) args.set('_raw_params', resolved)
  }
  const json = toJson(freeForm(args, module)) as JsonObject
  const checked = module.args.safeParse({ ...json })
  if (!checked.success) throw new DiagnosticError([errorAt('bad-arguments', complaint(module, checked.error), task.at)])
  if (isConstant && module.kind !== 'fleet') constants.set(task, { module, args: frozen(checked.data) })
  return checked.data as Json
}

function frozen(value: unknown): Json {
  if (value !== null && typeof value === 'object' && !ArrayBuffer.isView(value) && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const one of Object.values(value)) frozen(one)
  }
  return value as Json
}

/** Undefined where the value itself is `omit`. */
function withoutOmitted(value: Value, omit: string): Value | undefined {
  if (value === omit) return undefined
  if (!hasOmitted(value, omit)) return value
  if (Array.isArray(value)) return value.map((item) => withoutOmitted(item, omit)).filter((item) => item !== undefined)
  if (value instanceof Map && value.constructor === Map) {
    const kept = new Map<DictKey, Value>()
    for (const [key, item] of value) {
      const clean = withoutOmitted(item, omit)
      if (clean !== undefined) kept.set(key, clean)
    }
    return kept
  }
  return value
}

function hasOmitted(value: Value, omit: string): boolean {
  if (value === omit) return true
  if (Array.isArray(value)) return value.some((item) => hasOmitted(item, omit))
  if (!(value instanceof Map) || value.constructor !== Map) return false
  for (const item of value.values()) if (hasOmitted(item, omit)) return true
  return false
}

function freeForm(args: Map<DictKey, Value>, module: AnyModule): Map<DictKey, Value> {
  const raw = args.get('_raw_params')
  const name = module.freeForm?.argument
  if (raw === undefined || name === undefined || name === '_raw_params') return args
  args.delete('_raw_params')
  return args.set(name, raw)
}

/** As Ansible says it, all of it at once. */
function complaint(module: AnyModule, error: z.ZodError): string {
  const missing: string[] = []
  const messages: string[] = []
  for (const issue of error.issues) {
    const path = issue.path.map(String).join('.')
    if (issue.code === 'unrecognized_keys') messages.push(unsupported(module, issue.keys))
    else if (issue.code === 'invalid_type' && issue.input === undefined && /undefined/.test(issue.message))
      missing.push(path)
    else if (issue.code === 'invalid_value')
      messages.push(`value of ${path} must be one of: ${issue.values.map(String).join(', ')}`)
    else messages.push(path === '' ? issue.message : `argument '${path}': ${issue.message}`)
  }
  if (missing.length > 0) messages.unshift(`missing required arguments: ${missing.join(', ')}`)
  return `${module.name}: ${messages.join('; ')}`
}

function unsupported(module: AnyModule, keys: readonly string[]): string {
  const known = namesOf(module.args)
  const said = keys.map((key) => {
    const close = didYouMean(key, known)
    return close === undefined ? key : `${key} (did you mean ${close}?)`
  })
  return `unsupported arguments: ${said.join(', ')}`
}

function namesOf(schema: unknown): string[] {
  const shape = (schema as { shape?: object }).shape
  return shape ? Object.keys(shape) : []
}
