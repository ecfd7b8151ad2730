import { add, compare, equals, iterate, NamedTuple, PythonError, sorted, str, typeError } from '../python/index.ts'
import type { FilterFunction } from '../types.ts'
import { Tuple, Undefined, type Value } from '../values.ts'
import { distinct } from './distinct.ts'
import { count, flag, text } from './options.ts'
import { folded, getter } from './path-of.ts'
import { filterTable } from './table.ts'

function sort(input: Value, reverse: boolean, caseSensitive: boolean, attribute: Value | undefined): Value {
  const getters = typeof attribute === 'string' ? attribute.split(',').map((a) => getter(a)) : [getter(attribute)]
  const key = (item: Value): Value => {
    const keys = getters.map((get) => folded(get(item), caseSensitive))
    return keys.length === 1 ? (keys[0] ?? null) : keys
  }
  return sorted(iterate(input), key, reverse)
}

function extreme(input: Value, sign: 1 | -1, caseSensitive: boolean, attribute: Value | undefined): Value {
  const get = getter(attribute)
  const items = iterate(input)
  if (items.length === 0) return new Undefined(sign < 0 ? 'min' : 'max', 'No aggregated item, sequence was empty.')
  const key = (item: Value): Value => folded(get(item), caseSensitive)
  return items.reduce((best, item) => (sign * compare(key(item), key(best), sign > 0 ? '>' : '<') > 0 ? item : best))
}

function groupBy(input: Value, attribute: Value, otherwise: Value | undefined, caseSensitive: boolean): Value {
  const get = getter(attribute, otherwise)
  const groups: { key: Value; grouper: Value; items: Value[] }[] = []
  for (const item of sorted(iterate(input), (x) => folded(get(x), caseSensitive))) {
    const grouper = get(item)
    const key = folded(grouper, caseSensitive)
    const last = groups.at(-1)
    if (last && equals(last.key, key)) last.items.push(item)
    else groups.push({ key, grouper, items: [item] })
  }
  return groups.map((g) => new NamedTuple(['grouper', 'list'], [g.grouper, g.items]))
}

function batch(input: Value, size: number, fill: Value): Value {
  const items = iterate(input)
  const rows: Value[][] = []
  for (let i = 0; i < items.length; i += Math.max(1, size)) rows.push(items.slice(i, i + Math.max(1, size)))
  const last = rows.at(-1)
  if (fill !== null && last) while (last.length < size) last.push(fill)
  return rows
}

/** As many columns as asked for, the first ones longer by one. */
function columns(input: Value, slices: number, fill: Value): Value {
  const items = iterate(input)
  if (slices < 1) throw new PythonError('ZeroDivisionError', 'integer division or modulo by zero')
  const size = Math.floor(items.length / slices)
  const extra = items.length % slices
  return Array.from({ length: slices }, (_, i) => {
    const from = i * size + Math.min(i, extra)
    const column = items.slice(from, from + size + (i < extra ? 1 : 0))
    if (fill !== null && i >= extra) column.push(fill)
    return column
  })
}

function dictSort(input: Value, caseSensitive: boolean, by: string, reverse: boolean): Value {
  if (!(input instanceof Map)) throw typeError('dictsort wants a dict')
  if (by !== 'key' && by !== 'value')
    throw new PythonError('FilterError', 'You can only sort by either "key" or "value"')
  const entries = [...input].map((e) => new Tuple(e))
  return sorted(entries, (e) => folded(e.items[by === 'key' ? 0 : 1] ?? null, caseSensitive), reverse)
}

function flatten(items: readonly Value[], levels: number, skipNulls: boolean): Value[] {
  return items.flatMap((item): Value[] => {
    if (skipNulls && (item === null || item === 'None' || item === 'null')) return []
    const inner = item instanceof Tuple ? item.items : item
    return Array.isArray(inner) && levels !== 0 ? flatten(inner, levels - 1, skipNulls) : [item]
  })
}

function last(input: Value): Value {
  const item = iterate(input).at(-1)
  return item === undefined ? new Undefined('last', 'No last item, sequence was empty.') : item
}

/** Filters of lists. */
export const sequenceFilters: [string, FilterFunction][] = filterTable({
  'sort reverse? case_sensitive? attribute?': (v, [r, c, a]) => sort(v, flag(r, false), flag(c, false), a),
  'min case_sensitive? attribute?': (v, [c, a]) => extreme(v, -1, flag(c, false), a),
  'max case_sensitive? attribute?': (v, [c, a]) => extreme(v, 1, flag(c, false), a),
  'unique case_sensitive? attribute?': (v, [c, a]) => distinct(iterate(v), (x) => folded(getter(a)(x), flag(c, false))),
  'groupby attribute default? case_sensitive?': (v, [a, d, c]) => groupBy(v, a ?? null, d ?? undefined, flag(c, false)),
  'batch linecount fill_with?': (v, [n, fill]) => batch(v, count(n, 1), fill ?? null),
  'slice slices fill_with?': (v, [n, fill]) => columns(v, count(n, 1), fill ?? null),
  'join d? attribute?': (v, [d, a]) => iterate(v).map(getter(a)).map(str).join(text(d, '')),
  'sum attribute? start?': (v, [a, start]) =>
    iterate(v)
      .map(getter(a))
      .reduce<Value>((x, y) => add(x, y), start ?? 0),
  first: (v) => {
    const [item] = iterate(v)
    return item === undefined ? new Undefined('first', 'No first item, sequence was empty.') : item
  },
  last: (v) => last(v),
  list: (v) => [...iterate(v)],
  'dictsort case_sensitive? by? reverse?': (v, [c, by, r]) =>
    dictSort(v, flag(c, false), text(by, 'key'), flag(r, false)),
  items: (v) => {
    if (!(v instanceof Map)) throw typeError('Can only get item pairs from a mapping.')
    return [...v].map((e) => new Tuple(e))
  },
  'flatten levels? skip_nulls?': (v, [levels, skip]) =>
    flatten(iterate(v), levels === undefined || levels === null ? -1 : count(levels, -1), flag(skip, true)),
  'zip *rest': (v, _, __, rest) => {
    const all = [v, ...rest].map(iterate)
    return Array.from(
      { length: Math.min(...all.map((l) => l.length)) },
      (_, i) => new Tuple(all.map((l) => l[i] ?? null)),
    )
  },
})

/** Pads the shorter ones with `fillvalue`. */
export const zipLongest: FilterFunction = (input, args, kwargs) => {
  const all = [input, ...args].map(iterate)
  const fill = kwargs.get('fillvalue') ?? null
  return Array.from(
    { length: Math.max(...all.map((l) => l.length)) },
    (_, i) => new Tuple(all.map((l) => l[i] ?? fill)),
  )
}
