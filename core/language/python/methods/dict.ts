import { type Dict, type DictKey, Tuple, type Value } from '../../values.ts'
import { dictGet, dictSet, dictTake } from '../dict.ts'
import { PythonError, valueError } from '../error.ts'
import { iterate, length } from '../sequence.ts'
import { methodTable } from './table.ts'

/** A dict from a dict or a list of pairs, as dict() takes it. */
export function dictFrom(source: Value): Dict {
  if (source instanceof Map) return new Map(source)
  const result: Dict = new Map()
  for (const [i, pair] of iterate(source).entries()) {
    const size = length(pair)
    if (size !== 2) throw valueError(`dictionary update sequence element #${i} has length ${size}; 2 is required`)
    const [key, value] = iterate(pair)
    dictSet(result, key ?? null, value ?? null)
  }
  return result
}

function lastEntry(d: Dict): [DictKey, Value] {
  const entry = [...d].at(-1)
  if (!entry) throw new PythonError('KeyError', "'popitem(): dictionary is empty'")
  return entry
}

export const dictMethods = methodTable<Dict>({
  items: (d) => [...d].map((pair) => new Tuple(pair)),
  keys: (d) => [...d.keys()],
  values: (d) => [...d.values()],
  'get key default?': (d, [key, otherwise]) => {
    const found = dictGet(d, key ?? null)
    return found === undefined ? (otherwise ?? null) : found
  },
  copy: (d) => new Map(d),
  clear: (d) => {
    d.clear()
    return null
  },
  'pop key default?': (d, [key, otherwise]) => {
    if (otherwise !== undefined && dictGet(d, key ?? null) === undefined) return otherwise
    return dictTake(d, key ?? null)
  },
  popitem: (d) => {
    const entry = lastEntry(d)
    d.delete(entry[0])
    return new Tuple(entry)
  },
  'setdefault key default?': (d, [key, value]) => {
    const found = dictGet(d, key ?? null)
    if (found === undefined) dictSet(d, key ?? null, value ?? null)
    return found === undefined ? (value ?? null) : found
  },
})
