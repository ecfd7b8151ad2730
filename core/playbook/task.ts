import { mapGet, type YamlMapping, type YamlNode } from '../language/index.ts'
import type { Value } from '../language/values.ts'
import { type Action, actionOf } from './action.ts'
import { conditions } from './condition.ts'
import type { Context } from './context.ts'
import { staticImport } from './import.ts'
import { includeOf } from './include.ts'
import { extend, texts } from './keywords.ts'
import { type Loader, nodeValue, report } from './loader.ts'
import { loopOf } from './loop.ts'
import { handlerKeys, shortName, taskKeys } from './names.ts'
import { common, notifyOf, registerOf } from './step.ts'
import type { Step, Task } from './types.ts'

/** A task, an include, or the steps that an import stands for. */
export async function taskSteps(
  loader: Loader,
  mapping: YamlMapping,
  context: Context,
  handlers: boolean,
): Promise<Step[]> {
  const keys = handlers ? handlerKeys : taskKeys
  for (const { key, value } of mapping.entries) refuse(loader, key.source, value)
  const action = await actionOf(loader, mapping, keys, context)
  if (!action) {
    extend(loader, mapping, context)
    loopOf(loader, mapping)
    lose(mapping, context)
    if (handlers) context.play.lost.any = true
    return []
  }
  const name = shortName(action.module)
  if (name === 'import_tasks' || name === 'import_role') return staticImport(loader, mapping, action, context, handlers)
  if (name === 'include_tasks' || name === 'include_role') return includeOf(loader, mapping, action, context)
  return [taskOf(loader, mapping, action, context)]
}

/** A task without a known module: what it registers, and what it may set. */
function lose(mapping: YamlMapping, context: Context): void {
  const { names } = context.play.lost
  for (const { key, value } of mapping.entries) {
    if (key.source === 'register' && value.kind === 'scalar') names.add(value.source)
    if (value.kind === 'mapping') for (const inner of value.entries) names.add(inner.key.source)
  }
}

function refuse(loader: Loader, keyword: string, value: YamlNode): void {
  if (keyword === 'async' && value.kind === 'scalar' && value.value === 0) return
  if (keyword === 'async' || keyword === 'poll') {
    const hint = 'remove it: a long task needs no polling here, its connection stays open'
    report(loader, 'not-supported', `${keyword} is not supported yet`, value.at, hint)
  }
}

function taskOf(loader: Loader, mapping: YamlMapping, action: Action, context: Context): Task {
  const inner = extend(loader, mapping, context)
  const value = (key: string): Value | undefined => {
    const entry = mapGet(mapping, key)
    return entry && nodeValue(loader, entry.value)
  }
  const expressions = (key: string) => {
    const entry = mapGet(mapping, key)
    return entry && conditions(loader, entry.value, key)
  }
  const listen = mapGet(mapping, 'listen')
  return {
    ...common(loader, mapping, inner),
    ...(action.local && { delegateTo: 'localhost' }),
    kind: 'task',
    module: action.module,
    args: action.args,
    argsTemplate: action.argsTemplate,
    loop: loopOf(loader, mapping),
    register: registerOf(loader, mapping),
    until: expressions('until') ?? [],
    retries: value('retries'),
    delay: value('delay'),
    changedWhen: expressions('changed_when'),
    failedWhen: expressions('failed_when'),
    notify: notifyOf(loader, mapping),
    listen: listen ? texts(loader, listen.value, 'listen') : [],
  }
}
