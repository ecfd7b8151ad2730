import { PythonObject, Tuple, type Value } from '../values.ts'
import { equals } from './equality.ts'
import { typeError } from './error.ts'
import { numeric } from './number.ts'
import { typeName } from './typename.ts'
import { type Usable, usable } from './usable.ts'

/**
 * Python's order: negative, 0, positive, or NaN when a float NaN is among them. TypeError when the types have no order;
 * `operator` is named in its text.
 */
export function compare(left: Value, right: Value, operator: '<' | '>' | '<=' | '>=' = '<'): number {
  const a = usable(left)
  const b = usable(right)
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  const x = numeric(a)
  const y = numeric(b)
  if (x && y) {
    const m = 'int' in x ? x.int : x.float
    const n = 'int' in y ? y.int : y.float
    // biome-ignore lint/suspicious/noDoubleEquals: == compares a bigint and a number exactly
    return m < n ? -1 : m > n ? 1 : m == n ? 0 : Number.NaN
  }
  const items = sequences(a, b)
  if (items) return compareItems(items[0], items[1], operator)
  const order = a instanceof PythonObject ? a.compare(b) : undefined
  if (order === undefined) {
    throw typeError(`'${operator}' not supported between instances of '${typeName(a)}' and '${typeName(b)}'`)
  }
  return order
}

/** Strings by code points; JavaScript orders by UTF-16 units. */
function compareText(a: string, b: string): number {
  if (a === b) return 0
  const end = Math.min(a.length, b.length)
  let i = 0
  while (i < end && a.charCodeAt(i) === b.charCodeAt(i)) i++
  if (i === end) return a.length - b.length
  if (i > 0 && isTrail(a.charCodeAt(i)) && isTrail(b.charCodeAt(i))) i--
  return (a.codePointAt(i) ?? 0) - (b.codePointAt(i) ?? 0)
}

function isTrail(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff
}

function sequences(a: Usable, b: Usable): [readonly Value[], readonly Value[]] | undefined {
  if (Array.isArray(a) && Array.isArray(b)) return [a, b]
  return a instanceof Tuple && b instanceof Tuple ? [a.items, b.items] : undefined
}

function compareItems(a: readonly Value[], b: readonly Value[], operator: '<' | '>' | '<=' | '>='): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const x = a[i] ?? null
    const y = b[i] ?? null
    if (!equals(x, y)) return compare(x, y, operator)
  }
  return a.length - b.length
}

/** A stable sort by a key, as Python's sorted(). */
export function sorted<T>(items: Iterable<T>, key: (item: T) => Value, reverse = false): T[] {
  const keyed = [...items].map((item) => ({ item, key: key(item) }))
  const sign = reverse ? -1 : 1
  return keyed.sort((a, b) => sign * compare(a.key, b.key) || 0).map((k) => k.item)
}
