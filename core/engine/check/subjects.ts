import type { Json } from '../../events/json.ts'
import type { AnyModule, Change } from '../../module/types.ts'
import type { Reach } from './taints.ts'

/** Arguments that name what a task is about; every absolute path counts besides. */
const NAMING = new Set([
  'name',
  'path',
  'dest',
  'src',
  'key',
  'unit',
  'pkg',
  'package',
  'pool',
  'network',
  'vm',
  'domain',
])
const LONGEST = 500

/** Names and absolute paths that a task is about, from its arguments and changes. */
export function subjectsOf(args: Json, changes: readonly Change[] = []): Set<string> {
  const subjects = new Set<string>()
  collect(args, false, subjects)
  for (const change of changes) for (const word of change.path.split(/[\s:]+/)) addPath(word, subjects)
  return subjects
}

function collect(value: Json | undefined, isName: boolean, into: Set<string>): void {
  if (typeof value === 'string') {
    if (value === '' || value.length > LONGEST) return
    if (value.startsWith('/')) addPath(value, into)
    else if (isName) into.add(value)
  } else if (Array.isArray(value)) {
    for (const item of value) collect(item, isName, into)
  } else if (value !== null && typeof value === 'object') {
    for (const [key, item] of Object.entries(value)) collect(item, NAMING.has(key), into)
  }
}

function addPath(text: string, into: Set<string>): void {
  if (!text.startsWith('/')) return
  const path = text.length > 1 ? text.replace(/\/+$/, '') : text
  if (path !== '' && path !== '/') into.add(path)
}

/**
 * How far a module's effects go. A state module is about what it names, unless it says otherwise or must not be cut
 * (packages, networks: they change much besides). What a run module does nobody knows.
 */
export function reachOf(module: AnyModule): Reach {
  if (module.touches !== undefined) return module.touches === 'host' ? 'host' : 'subject'
  if (module.kind === 'run') return 'host'
  return module.kind === 'state' && module.shielded ? 'host' : 'subject'
}

/** Whether effects stay on the host itself. */
export function staysLocal(module: AnyModule): boolean {
  return module.kind === 'state' && module.local === true
}
