import { stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Position } from '../events/types.ts'
import { mapGet, Template, type YamlMapping } from '../language/index.ts'
import type { Value } from '../language/values.ts'
import type { Action } from './action.ts'
import type { Context } from './context.ts'
import { targetOf } from './include.ts'
import { extend } from './keywords.ts'
import { type Loader, type RoleRequest, readYaml, report } from './loader.ts'
import { shortName } from './names.ts'
import type { Step } from './types.ts'

/** import_tasks or import_role: the steps stand in the tree as if they had been written here. */
export async function staticImport(
  loader: Loader,
  mapping: YamlMapping,
  action: Action,
  context: Context,
  handlers: boolean,
): Promise<Step[]> {
  const what = shortName(action.module) === 'import_role' ? 'role' : 'tasks'
  const loop = mapping.entries.find(({ key }) => key.source === 'loop' || key.source.startsWith('with_'))
  const dynamic = what === 'role' ? 'include_role' : 'include_tasks'
  if (loop) report(loader, 'import-loop', `${action.module} cannot be repeated`, loop.key.at, `use ${dynamic}`)
  for (const name of ['register', 'until', 'notify', 'retries', 'changed_when', 'failed_when'] as const) {
    const entry = mapGet(mapping, name)
    if (entry)
      report(loader, 'import-keyword', `${name} has no meaning on ${action.module}`, entry.key.at, `use ${dynamic}`)
  }
  const target = targetOf(loader, action, what)
  const inner = extend(loader, mapping, context)
  if (loop || target instanceof Template) context.play.lost.any = true
  if (target === undefined || loop) return []
  if (target instanceof Template || typeof target !== 'string') {
    const hint = `use ${dynamic}, which is found when it is its turn`
    report(
      loader,
      'import-template',
      `${action.module} is read before the run and cannot have a template`,
      action.at,
      hint,
    )
    return []
  }
  const at = `${mapping.at.file}:${mapping.at.line}:${mapping.at.column}`
  const below = { ...inner, idPrefix: `${context.idPrefix}${at}>` }
  if (what === 'tasks') return importedTasks(loader, target, action.at, below, handlers)
  const built = await loader.role(roleRequest(target, action.at, action.args, true), below)
  return built?.steps ?? []
}

export function roleRequest(
  name: string,
  at: Position,
  options: ReadonlyMap<unknown, Value> | Readonly<Record<string, Value>>,
  allowDuplicates: boolean,
): RoleRequest {
  const get =
    options instanceof Map
      ? (key: string) => options.get(key)
      : (key: string) => (options as Record<string, Value>)[key]
  const text = (key: string): string | undefined => {
    const value = get(key)
    return typeof value === 'string' ? value : undefined
  }
  return {
    name,
    at,
    params: new Map(),
    tasksFrom: text('tasks_from'),
    varsFrom: text('vars_from'),
    defaultsFrom: text('defaults_from'),
    handlersFrom: text('handlers_from'),
    allowDuplicates: get('allow_duplicates') === false ? undefined : allowDuplicates || undefined,
  }
}

/** Steps of a file of tasks, looked for beside the file that names it, in the role's tasks, beside the playbook. */
export async function importedTasks(
  loader: Loader,
  target: string,
  at: Position,
  context: Context,
  handlers: boolean,
): Promise<Step[]> {
  const role = context.role?.folder
  const folders = [
    dirname(at.file),
    ...(role ? [join(role, handlers ? 'handlers' : 'tasks'), join(role, 'tasks'), role] : []),
    context.folder,
  ]
  const file = await firstFile([...new Set(folders)].map((folder) => resolve(folder, target)))
  if (file === undefined) {
    const hint = `looked beside ${[...new Set(folders)].join(', ')}`
    context.play.lost.any = true
    report(loader, 'missing-file', `there is no file of tasks '${target}'`, at, hint)
    return []
  }
  const shown = shownPath(file)
  if (context.chain.includes(shown)) {
    const circle = [...context.chain.slice(context.chain.indexOf(shown)), shown].join(' > ')
    report(loader, 'import-cycle', `files of tasks import one another: ${circle}`, at)
    return []
  }
  const root = await readYaml(loader, shown)
  if (!root) context.play.lost.any = true
  return loader.steps(root, { ...context, chain: [...context.chain, shown] }, handlers)
}

export async function firstFile(candidates: readonly string[]): Promise<string | undefined> {
  for (const path of candidates) {
    const found = await stat(path).catch(() => undefined)
    if (found?.isFile()) return path
  }
  return undefined
}

/** As the user would write it: relative to the working folder where it lies below it. */
export function shownPath(path: string): string {
  const here = `${process.cwd()}/`
  return path.startsWith(here) ? path.slice(here.length) : path
}
