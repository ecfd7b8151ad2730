import { didYouMean, mapGet, type YamlMapping } from '../language/index.ts'
import type { Value } from '../language/values.ts'
import type { Action } from './action.ts'
import { type Context, includeOrigins } from './context.ts'
import { extend } from './keywords.ts'
import { type Loader, report } from './loader.ts'
import { loopOf } from './loop.ts'
import { shortName } from './names.ts'
import { common, registerOf } from './step.ts'
import type { Include } from './types.ts'

/** Keywords that Ansible's includes do not have either: what is included knows nothing of them. */
const outside: ReadonlySet<string> = new Set([
  ...(['become', 'become_user', 'become_method', 'become_flags', 'become_exe'] as const),
  ...(['connection', 'remote_user', 'port', 'check_mode', 'diff', 'ignore_unreachable'] as const),
  ...(['any_errors_fatal', 'throttle', 'delegate_to', 'delegate_facts', 'environment', 'module_defaults'] as const),
  ...(['changed_when', 'failed_when', 'until', 'retries', 'delay', 'notify'] as const),
])

const taskOptions = ['file', 'apply', '_raw_params']
export const roleOptions = [
  'name',
  'role',
  'tasks_from',
  'vars_from',
  'defaults_from',
  'handlers_from',
  'allow_duplicates',
  'public',
  'apply',
  'rolespec_validate',
  '_raw_params',
]

/** include_tasks or include_role. What stands on it holds for the include itself; only its `vars` reach inside. */
export function includeOf(loader: Loader, mapping: YamlMapping, action: Action, context: Context): Include[] {
  const what = shortName(action.module) === 'include_role' ? 'role' : 'tasks'
  const target = targetOf(loader, action, what)
  const inner = extend(loader, mapping, context)
  for (const { key } of mapping.entries) {
    if (!outside.has(key.source)) continue
    const hint = 'write it below apply:, or for the tasks that are included'
    report(
      loader,
      'unknown-keyword',
      `${shortName(action.module)} cannot have ${key.source}: it would reach nothing`,
      key.at,
      hint,
    )
  }
  const loop = loopOf(loader, mapping)
  if (target === undefined) return []
  const options = Object.fromEntries(
    [...action.args].filter(([key]) => key !== 'apply').map(([key, v]) => [String(key), v]),
  )
  const include: Include = {
    ...common(loader, mapping, inner),
    kind: 'include',
    what,
    target,
    options,
    loop,
    apply: action.args.get('apply'),
    register: registerOf(loader, mapping),
  }
  const written = mapGet(mapping, action.module)?.value
  const applyNode = written?.kind === 'mapping' ? mapGet(written, 'apply')?.value : undefined
  includeOrigins.set(include, { context: { ...context, vars: inner.vars }, applyNode })
  return [include]
}

/** The file or the role that is named; unknown options are reported. */
export function targetOf(loader: Loader, action: Action, what: 'tasks' | 'role'): Value | undefined {
  const known = what === 'role' ? roleOptions : taskOptions
  for (const key of action.args.keys()) {
    if (known.includes(String(key))) continue
    const guess = didYouMean(String(key), known)
    const hint = guess === undefined ? 'variables for what is included stand under vars:' : `did you mean ${guess}?`
    report(loader, 'unknown-argument', `${action.module} has no argument '${key}'`, action.at, hint)
  }
  const names = what === 'role' ? ['name', 'role', '_raw_params'] : ['file', '_raw_params']
  const target = names.map((name) => action.args.get(name)).find((value) => value !== undefined && value !== null)
  if (target !== undefined) return target
  const hint = what === 'role' ? 'add name:' : `write ${action.module}: tasks.yml`
  report(
    loader,
    'missing-argument',
    `${action.module} does not say which ${what === 'role' ? 'role' : 'file'}`,
    action.at,
    hint,
  )
  return undefined
}
