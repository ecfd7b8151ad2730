/*
 * Keywords by the place where they may stand, as Ansible's "Playbook Keywords" lists them. `lease` is virtfleet's own.
 */

/** Where a keyword's name in the tree differs from the one in YAML: snake case becomes camel case. */
export const sharedKeywords = [
  'become',
  'become_user',
  'become_method',
  'become_flags',
  'become_exe',
  'connection',
  'remote_user',
  'port',
  'ignore_errors',
  'ignore_unreachable',
  'check_mode',
  'diff',
  'no_log',
  'any_errors_fatal',
  'throttle',
  'timeout',
  'run_once',
] as const

export const taskKeywords = ['delegate_to', 'delegate_facts'] as const

/** Keywords that are yes or no. */
export const flags: ReadonlySet<string> = new Set([
  ...(['become', 'ignore_errors', 'ignore_unreachable', 'check_mode', 'diff', 'no_log'] as const),
  ...(['any_errors_fatal', 'run_once', 'delegate_facts'] as const),
])

const everywhere = [
  ...sharedKeywords,
  'name',
  'vars',
  'tags',
  'environment',
  'module_defaults',
  'collections',
  'debugger',
]

export const playKeys = new Set([
  ...everywhere,
  'hosts',
  'user',
  'gather_facts',
  'gather_subset',
  'gather_timeout',
  'fact_path',
  'vars_files',
  'vars_prompt',
  'roles',
  'pre_tasks',
  'tasks',
  'post_tasks',
  'handlers',
  'serial',
  'strategy',
  'order',
  'max_fail_percentage',
  'force_handlers',
  'lease',
])

export const blockKeys = new Set([...everywhere, ...taskKeywords, 'when', 'block', 'rescue', 'always', 'notify'])

export const taskKeys = new Set([
  ...everywhere,
  ...taskKeywords,
  'when',
  'action',
  'local_action',
  'args',
  'loop',
  'loop_control',
  'register',
  'until',
  'retries',
  'delay',
  'changed_when',
  'failed_when',
  'notify',
  'async',
  'poll',
])

export const handlerKeys = new Set([...taskKeys, 'listen'])

/** Besides these, a role takes parameters of its own. */
export const roleKeys = new Set([...everywhere, ...taskKeywords, 'when', 'role'])

export const importPlaybookKeys = new Set(['import_playbook', 'name', 'vars', 'tags', 'when'])

/** Actions that the playbook and the engine carry out themselves, besides the modules of the registry. */
export const actions = ['meta', 'include_vars', 'include_tasks', 'include_role', 'import_tasks', 'import_role'] as const

/** The name without `ansible.builtin.` or `ansible.legacy.` before it. */
export function shortName(name: string): string {
  return name.replace(/^ansible\.(?:builtin|legacy)\./, '')
}

export function isAction(name: string): boolean {
  return (actions as readonly string[]).includes(shortName(name))
}

/** A name that a variable can have: what an expression can read. */
export function isIdentifier(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name) && !reserved.has(name)
}

const reserved = new Set(
  'False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield'.split(
    ' ',
  ),
)
