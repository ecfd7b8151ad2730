import { dictGet, equals, PythonError, truth, typeName, usable } from '../python/index.ts'
import type { TestFunction } from '../types.ts'
import type { Dict, Value } from '../values.ts'
import { aliases, testTable } from './table.ts'

function result(v: Value, test: string): Dict {
  const used = usable(v)
  if (used instanceof Map) return used
  throw new PythonError(
    'FilterError',
    `The '${test}' test expects a dictionary, got ${typeName(used)}: use the variable that was registered`,
  )
}

function field(dict: Dict, name: string): boolean {
  return truth(dictGet(dict, name) ?? false)
}

/** Changed itself, or one of the results of its loop. */
function isChanged(v: Value): boolean {
  const dict = result(v, 'changed')
  const results = dictGet(dict, 'results')
  if (dictGet(dict, 'changed') !== undefined || !Array.isArray(results)) return field(dict, 'changed')
  return results.some((r) => r instanceof Map && field(r, 'changed'))
}

/** `started` and `finished` of a job in the background; any other result has started and finished. */
function isOne(v: Value, name: string): boolean {
  const dict = result(v, name)
  const value = dictGet(dict, name)
  if (value !== undefined) return equals(value, 1) || equals(value, true)
  return true
}

const tests = testTable({
  failed: (v) => field(result(v, 'failed'), 'failed'),
  success: (v) => !field(result(v, 'success'), 'failed'),
  changed: isChanged,
  skipped: (v) => field(result(v, 'skipped'), 'skipped'),
  unreachable: (v) => field(result(v, 'unreachable'), 'unreachable'),
  reachable: (v) => !field(result(v, 'reachable'), 'unreachable'),
  started: (v) => isOne(v, 'started'),
  finished: (v) => isOne(v, 'finished'),
})

/** Tests of the result of a task. */
export const resultTests: [string, TestFunction][] = [
  ...tests,
  ...aliases(tests, {
    failure: 'failed',
    successful: 'success',
    succeeded: 'success',
    change: 'changed',
    skip: 'skipped',
  }),
]
