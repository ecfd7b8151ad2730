import { equals, iterate } from '../python/index.ts'
import type { FilterFunction } from '../types.ts'
import { Float, type Value } from '../values.ts'
import { filterTable } from './table.ts'

/** Values already met: plain ones by a hash, lists and dicts by comparison. */
export class Seen {
  readonly #plain = new Set<Value>()
  readonly #others: Value[] = []

  has(value: Value): boolean {
    const key = plainKey(value)
    return key === undefined ? this.#others.some((x) => equals(x, value)) : this.#plain.has(key)
  }

  add(value: Value): void {
    const key = plainKey(value)
    if (key === undefined) this.#others.push(value)
    else this.#plain.add(key)
  }
}

/** Equal in Python, equal here: 1, 1.0 and True are one. */
function plainKey(value: Value): Value | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value instanceof Float) return value.value
  return value === null || typeof value !== 'object' ? value : undefined
}

/** The first of each, in order. */
export function distinct(items: readonly Value[], key: (item: Value) => Value = (x) => x): Value[] {
  const seen = new Seen()
  return items.filter((item) => {
    const k = key(item)
    if (seen.has(k)) return false
    seen.add(k)
    return true
  })
}

function seenOf(items: readonly Value[]): Seen {
  const seen = new Seen()
  for (const item of items) seen.add(item)
  return seen
}

function without(a: readonly Value[], b: readonly Value[]): Value[] {
  const seen = seenOf(b)
  return distinct(a).filter((x) => !seen.has(x))
}

/** Lists as sets; the order is that of the first list, then of the second. */
export const setFilters: [string, FilterFunction][] = filterTable({
  'union b': (a, [b]) => distinct([...iterate(a), ...iterate(b ?? null)]),
  'intersect b': (a, [b]) => {
    const seen = seenOf(iterate(b ?? null))
    return distinct(iterate(a)).filter((x) => seen.has(x))
  },
  'difference b': (a, [b]) => without(iterate(a), iterate(b ?? null)),
  'symmetric_difference b': (a, [b]) => [
    ...without(iterate(a), iterate(b ?? null)),
    ...without(iterate(b ?? null), iterate(a)),
  ],
})
