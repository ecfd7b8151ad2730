import * as z from 'zod'
import { type Diagnostic, didYouMean, errorAt, Template, toJson } from '../language/index.ts'
import { Tuple, type Value } from '../language/values.ts'
import { type Aliases, aliasesOf } from '../module/arguments-object.ts'
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
  const given = givenArguments(task.args, aliasesOf(module.args))
  const open = new Set([...given].filter(([, { value }]) => hasTemplate(value)).map(([name]) => name))
  const shape: Readonly<Record<string, z.core.$ZodType>> | undefined =
    module.args instanceof z.ZodObject ? (module.args.shape as Record<string, z.core.$ZodType>) : undefined
  if (open.size === 0 && !task.argsTemplate) {
    // A template may still stand under an alias whose own name is given too: the schema would pass over it.
    const settled = [...task.args].filter(([, value]) => !hasTemplate(value))
    const literals = Object.fromEntries(settled.map(([key, value]) => [String(key), toJson(value)]))
    const parsed = module.args.safeParse(literals)
    return parsed.success ? [] : parsed.error.issues.flatMap((issue) => explain(task, given, issue, shape))
  }
  if (!shape) return []
  const known = Object.keys(shape)
  const strict = module.args instanceof z.ZodObject && module.args.def.catchall instanceof z.ZodNever
  const result: Diagnostic[] = []
  const unknown = [...given.keys()].filter((name) => !Object.hasOwn(shape, name))
  if (strict && unknown.length > 0) result.push(...unknown.map((key) => unknownKey(task, key, known)))
  for (const [name, schema] of Object.entries(shape)) {
    if (open.has(name)) continue
    const one = given.get(name)
    if (!one) {
      if (!task.argsTemplate && !z.safeParse(schema, undefined).success) result.push(missing(task, name))
      continue
    }
    const parsed = z.safeParse(schema, toJson(one.value))
    if (parsed.success) continue
    for (const issue of parsed.error.issues)
      result.push(...explain(task, given, { ...issue, path: [name, ...issue.path] }, shape))
  }
  return result
}

/** Arguments by their own names, each with the key it stands under. */
type Given = ReadonlyMap<string, { readonly key: string; readonly value: Value }>

/** As the schema reads them: null is not given, an own name wins over an alias, and a second alias is an unknown key. */
function givenArguments(args: ReadonlyMap<Value, Value>, aliases: Aliases): Given {
  const result = new Map<string, { key: string; value: Value }>()
  const all = [...args].filter(([, value]) => value !== null).map(([key, value]) => ({ key: String(key), value }))
  for (const one of all) if (!Object.hasOwn(aliases, one.key)) result.set(one.key, one)
  for (const one of all) {
    if (!Object.hasOwn(aliases, one.key)) continue
    const name = aliases[one.key]!
    if (!result.has(name)) result.set(name, one)
    else if (!args.has(name)) result.set(one.key, one)
  }
  return result
}

function explain(
  task: Task,
  given: Given,
  issue: z.core.$ZodIssue,
  shape: Readonly<Record<string, unknown>> | undefined,
): Diagnostic[] {
  const [first, ...below] = issue.path
  const path = first === undefined ? [] : [given.get(String(first))?.key ?? first, ...below]
  if (issue.code === 'unrecognized_keys') {
    const known = path.length === 0 ? Object.keys(shape ?? {}) : []
    return issue.keys.map((key) => unknownKey(task, key, known, path))
  }
  if (path.length === 1 && !given.has(String(first))) return [missing(task, String(first))]
  const at = placeOf(task.args, path, 'value') ?? task.at
  if (path.length === 0) return [errorAt('bad-arguments', `${task.module}: ${lower(issue.message)}`, at)]
  const name = path.map(String).join('.')
  const values = issue.code === 'invalid_value' ? issue.values.map(String) : undefined
  const written = valueAt(task.args, path)
  const shown = typeof written === 'string' ? ` '${written}'` : ''
  const guess = values && typeof written === 'string' ? didYouMean(written, values) : undefined
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
