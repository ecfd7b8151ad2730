import { dictGet, dictSet, PythonError, str, truth, typeError, typeName, usable } from '../python/index.ts'
import type { FilterFunction } from '../types.ts'
import type { Dict, Value } from '../values.ts'
import { distinct } from './distinct.ts'

type ListMerge = 'replace' | 'keep' | 'append' | 'prepend' | 'append_rp' | 'prepend_rp'
const merges: readonly string[] = ['replace', 'keep', 'append', 'prepend', 'append_rp', 'prepend_rp']

function mergeLists(old: Value[], by: Value[], how: ListMerge): Value[] {
  const without = (a: Value[], b: Value[]): Value[] => {
    const known = distinct(b).length
    return a.filter((x) => distinct([...b, x]).length > known)
  }
  switch (how) {
    case 'keep':
      return old
    case 'append':
      return [...old, ...by]
    case 'prepend':
      return [...by, ...old]
    case 'append_rp':
      return [...without(old, by), ...by]
    case 'prepend_rp':
      return [...by, ...without(old, by)]
    default:
      return by
  }
}

/** The dict with the other one laid over it, as Ansible's hash_behaviour=merge when recursive. */
export function mergeDicts(old: Dict, by: Dict, recursive: boolean, how: ListMerge): Dict {
  const result: Dict = new Map(old)
  for (const [key, value] of by) {
    const before = dictGet(result, key)
    if (recursive && before instanceof Map && value instanceof Map)
      dictSet(result, key, mergeDicts(before, value, true, how))
    else if (Array.isArray(before) && Array.isArray(value)) dictSet(result, key, mergeLists(before, value, how))
    else dictSet(result, key, value)
  }
  return result
}

function isListMerge(name: string): name is ListMerge {
  return merges.includes(name)
}

/** `a | combine(b, [c, d], recursive=true, list_merge='append')`. */
export const combine: FilterFunction = (input, args, kwargs) => {
  for (const name of kwargs.keys()) {
    if (name !== 'recursive' && name !== 'list_merge')
      throw typeError(`'recursive' and 'list_merge' are the only valid keyword arguments, not '${name}'`)
  }
  const recursive = truth(kwargs.get('recursive') ?? false)
  const how = str(kwargs.get('list_merge') ?? 'replace')
  if (!isListMerge(how))
    throw new PythonError('FilterError', `list_merge must be one of ${merges.join(', ')}, not '${how}'`)
  const dicts = [input, ...args]
    .map(usable)
    .flatMap((v) => (Array.isArray(v) ? v.flat(10) : [v]))
    .map((v) => {
      if (v instanceof Map) return v
      throw new PythonError('FilterError', `failed to combine variables, expected dicts but got a '${typeName(v)}'`)
    })
  return dicts.reduce((merged, next) => mergeDicts(merged, next, recursive, how), new Map())
}
