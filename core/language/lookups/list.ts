import { randomInt } from 'node:crypto'
import { subelements } from '../filters/data.ts'
import { iterate, PythonError, str } from '../python/index.ts'
import type { LookupFunction } from '../types.ts'
import { Tuple, type Value } from '../values.ts'
import { sequence } from './sequence.ts'
import { listOf } from './table.ts'

const maxRows = 1_000_000

/** Lists in lists become one, by one level (`items`) or all. */
function flat(terms: readonly Value[], levels: number): Value[] {
  return terms.flatMap((t): Value[] => {
    const inner = t instanceof Tuple ? [...t.items] : t
    return Array.isArray(inner) && levels > 0 ? flat(inner, levels - 1) : [inner]
  })
}

const nested: LookupFunction = (terms) => {
  if (terms.length === 0)
    throw new PythonError('FilterError', 'with_nested requires at least one element in the nested list')
  const lists = terms.map(listOf)
  if (lists.reduce((n, l) => n * l.length, 1) > maxRows)
    throw new PythonError('OverflowError', `more than ${maxRows} combinations`)
  return lists.reduce<Value[][]>(
    (rows, list) => rows.flatMap((row) => list.map((x) => [...row, ...flat([x], 9)])),
    [[]],
  )
}

const together: LookupFunction = (terms) => {
  if (terms.length === 0)
    throw new PythonError('FilterError', 'with_together requires at least one element in each list')
  const lists = terms.map(listOf)
  const rows = Math.max(...lists.map((l) => l.length))
  return Array.from({ length: rows }, (_, i) => lists.flatMap((l) => flat([l[i] ?? null], 9)))
}

const dict: LookupFunction = (terms) =>
  terms.flatMap(listOf).flatMap((term) => {
    if (!(term instanceof Map)) throw new PythonError('FilterError', 'with_dict expects a dict')
    return [...term].map(
      ([k, v]): Value =>
        new Map<string, Value>([
          ['key', k],
          ['value', v],
        ]),
    )
  })

const indexed: LookupFunction = (terms) => flat(flat(terms, 1), 1).map((item, i) => new Tuple([i, item]))

const choice: LookupFunction = (terms) => {
  const items = terms.length === 1 ? listOf(terms[0] ?? null) : terms
  return items.length === 0 ? [] : [items[randomInt(items.length)] ?? null]
}

const elements: LookupFunction = (terms) => {
  const [items, path, flags] = terms.length === 1 ? listOf(terms[0] ?? null) : terms
  if (items === undefined || path === undefined) {
    throw new PythonError(
      'FilterError',
      'subelements lookup expects a list of two or three items, the second being a key',
    )
  }
  const skip = flags instanceof Map && flags.get('skip_missing') === true
  const active = (items instanceof Map ? [...items.values()] : [...iterate(items)]).filter(
    (x) => !(x instanceof Map && x.get('skipped') === true),
  )
  return subelements(active, str(path), skip)
}

/** Lookups that only rearrange what they are given. */
export const listLookups: [string, LookupFunction][] = [
  ['items', (terms) => flat(terms, 1)],
  ['list', (terms) => [...terms]],
  ['flattened', (terms) => flat(terms, 9)],
  ['nested', nested],
  ['cartesian', nested],
  ['together', together],
  ['dict', dict],
  ['indexed_items', indexed],
  ['random_choice', choice],
  ['subelements', elements],
  ['sequence', sequence],
]
