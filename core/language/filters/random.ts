import { randomInt } from 'node:crypto'
import { asIndex, isInteger, iterate, numeric, PythonError, str } from '../python/index.ts'
import type { FilterFunction } from '../types.ts'
import { Tuple, Undefined, type Value } from '../values.ts'
import { MersenneTwister } from './mersenne.ts'
import { count } from './options.ts'
import { filterTable } from './table.ts'

/** Draws from the system, or, with a seed, the same each time and the same as in Python. */
function source(seed: Value | undefined): (limit: number) => number {
  if (seed === undefined || seed === null) return (limit) => randomInt(limit)
  const twister = new MersenneTwister(isInteger(seed) ? BigInt(seed) : str(seed))
  return (limit) => twister.below(limit)
}

const maxLimit = 2 ** 31

function random(end: Value, start: Value | undefined, step: Value | undefined, seed: Value | undefined): Value {
  const draw = source(seed)
  const n = numeric(end)
  if (n && 'int' in n) {
    const from = start === undefined || start === null ? 0 : asIndex(start)
    const by = step === undefined || step === null ? 1 : asIndex(step)
    const size = Math.ceil((Number(n.int) - from) / by)
    if (!(size > 0))
      throw new PythonError('ValueError', `empty range for randrange() (${from}, ${n.int}, ${Number(n.int) - from})`)
    if (size > maxLimit)
      throw new PythonError('FilterError', `random can only be used with at most ${maxLimit} choices`)
    return from + by * draw(size)
  }
  if (start || step) throw new PythonError('FilterError', 'start and step can only be used with integer values')
  const items = iterate(end)
  return items.length === 0
    ? new Undefined('random', 'No random item, sequence was empty.')
    : (items[draw(items.length)] ?? null)
}

function shuffle(input: Value, seed: Value | undefined): Value {
  const items = [...iterate(input)]
  const draw = source(seed)
  for (let i = items.length - 1; i > 0; i--) {
    const j = draw(i + 1)
    const [a, b] = [items[i] ?? null, items[j] ?? null]
    items[i] = b
    items[j] = a
  }
  return items
}

function randomMac(prefix: string, seed: Value | undefined): string {
  const parts = prefix.toLowerCase().split(':')
  if (prefix.endsWith(':')) parts.pop()
  if (parts.length > 5 || parts.some((p) => !/^[0-9a-f]{2}$/.test(p))) {
    throw new PythonError('FilterError', `Invalid value for random_mac: ${prefix} is not a prefix of hexadecimal bytes`)
  }
  const size = 6 - parts.length
  const draw = source(seed)
  const bytes = Array.from({ length: size }, () => draw(256).toString(16).padStart(2, '0'))
  return [...parts, ...bytes].join(':')
}

const maxCombinations = 1_000_000

function bounded(rows: Value[][]): Tuple[] {
  return rows.map((r) => new Tuple(r))
}

function product(lists: readonly (readonly Value[])[]): Tuple[] {
  if (lists.reduce((n, l) => n * l.length, 1) > maxCombinations)
    throw new PythonError('OverflowError', `more than ${maxCombinations} combinations`)
  return bounded(lists.reduce<Value[][]>((rows, list) => rows.flatMap((row) => list.map((x) => [...row, x])), [[]]))
}

function choose(items: readonly Value[], size: number, ordered: boolean): Tuple[] {
  const rows: Value[][] = []
  const walk = (row: Value[], used: readonly number[], from: number): void => {
    if (rows.length > maxCombinations)
      throw new PythonError('OverflowError', `more than ${maxCombinations} combinations`)
    if (row.length === size) {
      rows.push(row)
      return
    }
    for (let i = from; i < items.length; i++) {
      if (!used.includes(i)) walk([...row, items[i] ?? null], [...used, i], ordered ? 0 : i + 1)
    }
  }
  walk([], [], 0)
  return bounded(rows)
}

/** Filters of chance and of combinations. */
export const randomFilters: [string, FilterFunction][] = [
  [
    'product',
    (v, args, kwargs) => {
      const lists = [v, ...args].map(iterate)
      const times = count(kwargs.get('repeat'), 1)
      return product(Array.from({ length: times }, () => lists).flat())
    },
  ],
  ...filterTable({
    'random start? step? seed?': (v, [start, step, seed]) => random(v, start, step, seed),
    'shuffle seed?': (v, [seed]) => shuffle(v, seed),
    'random_mac seed?': (v, [seed]) => randomMac(str(v), seed),
    'combinations size': (v, [size]) => choose(iterate(v), asIndex(size ?? null), false),
    'permutations size?': (v, [size]) => choose(iterate(v), size == null ? iterate(v).length : asIndex(size), true),
  }),
]
