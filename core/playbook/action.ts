import type { Position } from '../events/types.ts'
import {
  didYouMean,
  mapGet,
  Template,
  type YamlEntry,
  type YamlMapping,
  type YamlNode,
  type YamlScalar,
} from '../language/index.ts'
import type { Dict, Value } from '../language/values.ts'
import { argumentNodes } from './argument-places.ts'
import type { Context } from './context.ts'
import { freeForm } from './free-form.ts'
import { type Loader, nodeValue, report } from './loader.ts'
import { actions, isAction, shortName } from './names.ts'

/** The module of a task and what it is given. */
export interface Action {
  readonly module: string
  readonly at: Position
  readonly args: Dict
  readonly argsTemplate: Value | undefined
  /** `local_action`. */
  readonly local: boolean
}

/** Finds the module among the keys of a task. Undefined: reported. */
export async function actionOf(
  loader: Loader,
  task: YamlMapping,
  keys: ReadonlySet<string>,
  context: Context,
): Promise<Action | undefined> {
  const known = loader.options.registry.names()
  const isModule = (name: string): boolean => known.has(name) || isAction(name)
  const others = task.entries.filter((e) => !keys.has(e.key.source) && !e.key.source.startsWith('with_'))
  const explicit = mapGet(task, 'action') ?? mapGet(task, 'local_action')
  const found = others.filter((entry) => isModule(entry.key.source))
  const unknown = others.filter((entry) => !found.includes(entry))
  const isWanting = found.length === 0 && !explicit
  for (const entry of unknown) unknownKey(loader, entry, keys, known, isWanting)
  if (found.length + (explicit ? 1 : 0) > 1) {
    const names = [...found.map((entry) => entry.key.source), ...(explicit ? [explicit.key.source] : [])]
    report(
      loader,
      'two-modules',
      `a task has one module, this one has ${names.join(' and ')}`,
      found.at(-1)!.key.at,
      'make two tasks',
    )
    return undefined
  }
  const argsEntry = mapGet(task, 'args')
  if (explicit) return explicitAction(loader, explicit, isModule, argsEntry, context)
  const [entry] = found
  if (entry) return build(loader, entry.key.source, entry.key.at, entry.value, argsEntry, false, context)
  if (unknown.length === 0)
    report(loader, 'no-module', 'the task has no module', task.at, 'name one, with its arguments below')
  return undefined
}

function unknownKey(
  loader: Loader,
  entry: YamlEntry,
  keys: ReadonlySet<string>,
  modules: ReadonlySet<string>,
  isWanting: boolean,
): void {
  const name = entry.key.source
  const asModule = didYouMean(name, [...modules, ...actions])
  const asKeyword = didYouMean(name, keys)
  // A task that lacks its module most likely misspells it.
  const guess = isWanting ? (asModule ?? asKeyword) : (asKeyword ?? asModule)
  const collection = /^[a-z_]\w*\.\w+\.\w+$/.test(name)
  const hint =
    guess === undefined
      ? collection
        ? 'collections are not read; name a module of virtfleet'
        : undefined
      : `did you mean ${guess}?`
  if (name !== 'include' && isWanting && (guess === undefined || guess === asModule)) {
    report(loader, 'unknown-module', `there is no module '${name}'`, entry.key.at, hint)
  } else {
    const message = name === 'include' ? "'include' is gone from Ansible" : `a task has no keyword '${name}'`
    report(
      loader,
      'unknown-keyword',
      message,
      entry.key.at,
      name === 'include' ? 'use include_tasks or import_tasks' : hint,
    )
  }
}

/** `action: name key=value` or `action: {module: name, …}`. */
async function explicitAction(
  loader: Loader,
  entry: YamlEntry,
  isModule: (name: string) => boolean,
  argsEntry: YamlEntry | undefined,
  context: Context,
): Promise<Action | undefined> {
  const { value } = entry
  const local = entry.key.source === 'local_action'
  let name: string | undefined
  let rest: YamlNode | undefined
  if (value.kind === 'mapping') {
    const module = mapGet(value, 'module')
    if (module?.value.kind === 'scalar') name = module.value.source
    rest = { ...value, entries: value.entries.filter((e) => e !== module) }
  } else if (value.kind === 'scalar' && value.value !== null) {
    const text = value.value instanceof Template ? value.value.source : value.source
    const match = /^\s*(\S+)\s*([\s\S]*)$/.exec(text)
    name = match?.[1]
    rest = restOf(value, text, text.length - (match?.[2]?.length ?? 0))
  }
  if (name === undefined) {
    report(loader, 'no-module', `${entry.key.source} must name a module`, value.at)
    return undefined
  }
  if (!isModule(name)) {
    const guess = didYouMean(name, [...loader.options.registry.names(), ...actions])
    report(
      loader,
      'unknown-module',
      `there is no module '${name}'`,
      value.at,
      guess === undefined ? undefined : `did you mean ${guess}?`,
    )
    return undefined
  }
  return build(loader, name, value.at, rest, argsEntry, local, context)
}

function restOf(node: YamlScalar, text: string, from: number): YamlNode {
  const rest = text.slice(from)
  const at = { ...node.at, column: node.at.column + from }
  const value = rest === '' ? null : /\{[{%#]/.test(rest) ? new Template(rest, at) : rest
  return { ...node, value, source: rest, at }
}

async function build(
  loader: Loader,
  name: string,
  at: Position,
  node: YamlNode | undefined,
  argsEntry: YamlEntry | undefined,
  local: boolean,
  context: Context,
): Promise<Action> {
  const args: Dict = new Map(context.moduleDefaults.get(shortName(name)) ?? [])
  let argsTemplate: Value | undefined
  if (argsEntry) {
    const extra = nodeValue(loader, argsEntry.value)
    if (extra instanceof Template) argsTemplate = extra
    else if (extra instanceof Map) for (const [key, value] of extra) args.set(key, value)
    else if (extra !== null) report(loader, 'bad-args', 'args must be a mapping', argsEntry.value.at)
  }
  if (node?.kind === 'mapping') {
    const own = nodeValue(loader, node)
    if (own instanceof Map) for (const [key, value] of own) args.set(key, value)
  } else if (node?.kind === 'sequence') {
    const hint = `write the arguments of ${name} as key: value`
    report(loader, 'bad-args', `the arguments of ${name} must be a mapping`, node.at, hint)
  } else if (node && node.value !== null) {
    const module = isAction(name) ? undefined : await loader.options.registry.load(name)
    const free = module?.freeForm ?? (isAction(name) ? { argument: '_raw_params', options: undefined } : undefined)
    const parsed = freeForm(node, free?.options)
    if (parsed.unclosed) report(loader, 'bad-free-form', 'a quote or a template is not closed', node.at)
    for (const [key, value] of parsed.options) args.set(key, value)
    if (parsed.rest !== undefined) {
      if (free) args.set(free.argument, parsed.rest)
      else if (node.value instanceof Template && parsed.options.size === 0) argsTemplate = node.value
      else report(loader, 'bad-free-form', `${name} takes no free text`, node.at, `write its arguments as key: value`)
    }
  }
  argumentNodes.set(args, [...(node ? [node] : []), ...(argsEntry ? [argsEntry.value] : [])])
  return { module: name, at, args, argsTemplate, local }
}
