import { z } from 'zod'
import type { Json } from '../events/json.ts'
import { type Diagnostic, didYouMean, errorAt, Template, toJson } from '../language/index.ts'
import { Tuple, type Value } from '../language/values.ts'
import type { AnyModule } from '../module/types.ts'
import { placeOf } from './argument-places.ts'
import type { Task } from './types.ts'

/** Whether a template stands anywhere in a value. */
export function hasTemplate(value: Value): boolean {
  if (value instanceof Template) return true
  if (Array.isArray(value)) return value.some(hasTemplate)
  if (value instanceof Tuple) return value.items.some(hasTemplate)
  return value instanceof Map && [...value.values()].some(hasTemplate)
}

/** A task's arguments against its module's schema: keys, what is missing, literals. What a template will fill is left open. */
export function checkArguments(task: Task, module: AnyModule): Diagnostic[] {
  if (!(task.args instanceof Map)) return []
  const open = new Set([...task.args].filter(([, value]) => hasTemplate(value)).map(([key]) => String(key)))
  const literals: Record<string, Json> = {}
  for (const [key, value] of task.args) if (!open.has(String(key))) literals[String(key)] = toJson(value)
  const shape: Readonly<Record<string, z.core.$ZodType>> | undefined =
    module.args instanceof z.ZodObject ? (module.args.shape as Record<string, z.core.$ZodType>) : undefined
  if (open.size === 0 && !task.argsTemplate) {
    const parsed = module.args.safeParse(literals)
    return parsed.success ? [] : parsed.error.issues.flatMap((issue) => explain(task, issue, shape))
  }
  if (!shape) return []
  const known = Object.keys(shape)
  const strict = module.args instanceof z.ZodObject && module.args.def.catchall instanceof z.ZodNever
  const result: Diagnostic[] = []
  const unknown = [...task.args.keys()].map(String).filter((key) => !Object.hasOwn(shape, key))
  if (strict && unknown.length > 0) result.push(...unknown.map((key) => unknownKey(task, key, known)))
  for (const [key, schema] of Object.entries(shape)) {
    if (open.has(key)) continue
    if (!Object.hasOwn(literals, key)) {
      if (!task.argsTemplate && !z.safeParse(schema, undefined).success) result.push(missing(task, key))
      continue
    }
    const parsed = z.safeParse(schema, literals[key])
    if (parsed.success) continue
    for (const issue of parsed.error.issues)
      result.push(...explain(task, { ...issue, path: [key, ...issue.path] }, shape))
  }
  return result
}

function explain(
  task: Task,
  issue: z.core.$ZodIssue,
  shape: Readonly<Record<string, unknown>> | undefined,
): Diagnostic[] {
  const { path } = issue
  if (issue.code === 'unrecognized_keys') {
    const known = path.length === 0 ? Object.keys(shape ?? {}) : []
    return issue.keys.map((key) => unknownKey(task, key, known, path))
  }
  if (path.length === 1 && task.args instanceof Map && !task.args.has(String(path[0])))
    return [missing(task, String(path[0]))]
  const at = placeOf(task.args, path, 'value') ?? task.at
  if (path.length === 0) return [errorAt('bad-arguments', `${task.module}: ${lower(issue.message)}`, at)]
  const name = path.map(String).join('.')
  const values = issue.code === 'invalid_value' ? issue.values.map(String) : undefined
  const given = valueAt(task.args, path)
  const shown = typeof given === 'string' ? ` '${given}'` : ''
  const guess = values && typeof given === 'string' ? didYouMean(given, values) : undefined
  const hint = guess !== undefined ? `did you mean ${guess}?` : values && `one of ${values.join(', ')}`
  const message = values
    ? `${task.module}: ${name} cannot be${shown}`
    : `${task.module}: ${name}${shown}: ${lower(issue.message)}`
  return [errorAt('bad-argument', message, at, hint)]
}

function unknownKey(task: Task, key: string, known: readonly string[], path: readonly PropertyKey[] = []): Diagnostic {
  const at = placeOf(task.args, [...path, key], 'key') ?? task.at
  const guess = didYouMean(key, known)
  const list = known.filter((one) => !one.startsWith('_'))
  const hint =
    guess !== undefined ? `did you mean ${guess}?` : list.length > 0 ? `it has ${list.join(', ')}` : undefined
  const where = path.length > 0 ? `${path.map(String).join('.')}.` : ''
  return errorAt('unknown-argument', `${task.module} has no argument '${where}${key}'`, at, hint)
}

function missing(task: Task, key: string): Diagnostic {
  return errorAt('missing-argument', `${task.module} needs the argument '${key}'`, task.at)
}

function valueAt(value: Value, path: readonly PropertyKey[]): Value | undefined {
  const [step, ...rest] = path
  if (step === undefined) return value
  if (value instanceof Map) return valueAt(value.get(String(step)) ?? null, rest)
  if (Array.isArray(value) && typeof step === 'number') return valueAt(value[step] ?? null, rest)
  return undefined
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '')
}
