import { type Diagnostic, didYouMean, errorAt } from '../language/index.ts'
import { placeOf } from './argument-places.ts'
import { shortName } from './names.ts'
import type { Task } from './types.ts'

/** What `meta` can do. */
const metas = [
  'flush_handlers',
  'refresh_inventory',
  'noop',
  'clear_facts',
  'clear_host_errors',
  'end_host',
  'end_batch',
  'end_play',
  'reset_connection',
]

const includeVarsKeys = [
  '_raw_params',
  'file',
  'dir',
  'name',
  'depth',
  'files_matching',
  'ignore_files',
  'extensions',
  'ignore_unknown_extensions',
  'hash_behaviour',
]

/** Arguments of `meta` and `include_vars`, which are no modules. Undefined: the task is neither. */
export function checkAction(task: Task): Diagnostic[] | undefined {
  const name = shortName(task.module)
  if (!(task.args instanceof Map) || (name !== 'meta' && name !== 'include_vars')) return undefined
  if (name === 'include_vars') {
    return [...task.args.keys()]
      .map(String)
      .filter((key) => !includeVarsKeys.includes(key))
      .map((key) => {
        const guess = didYouMean(key, includeVarsKeys)
        const at = placeOf(task.args, [key], 'key') ?? task.at
        return errorAt(
          'unknown-argument',
          `include_vars has no argument '${key}'`,
          at,
          guess && `did you mean ${guess}?`,
        )
      })
  }
  const what = task.args.get('_raw_params')
  if (typeof what === 'string' && metas.includes(what)) return []
  const guess = typeof what === 'string' ? didYouMean(what, metas) : undefined
  const hint = guess === undefined ? `one of ${metas.join(', ')}` : `did you mean ${guess}?`
  return [errorAt('bad-argument', `meta cannot do '${typeof what === 'string' ? what : 'this'}'`, task.at, hint)]
}
