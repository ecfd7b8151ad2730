import { UnknownValueError } from '../errors.ts'
import {
  compare,
  contains,
  equals,
  isFloat,
  isInteger,
  isIterable,
  mod,
  numeric,
  str,
  usable,
} from '../python/index.ts'
import type { TestFunction } from '../types.ts'
import { Callable, Undefined, Unknown, type Value } from '../values.ts'
import { aliases, testTable } from './table.ts'

/** Whether it would be defined is not known either: an Unknown raises. */
function isDefined(v: Value): boolean {
  if (v instanceof Unknown) throw new UnknownValueError(v.task, v.path)
  return !(v instanceof Undefined)
}

/** Types are asked of an undefined value too: it has none of them. */
function typed(test: (v: Value) => boolean): (v: Value) => boolean {
  return (v) => isDefined(v) && test(v)
}

function same(a: Value, b: Value): boolean {
  return a === b || (typeof a === 'object' && numeric(a) !== undefined && typeof b === 'object' && equals(a, b))
}

const tests = testTable({
  boolean: typed((v) => typeof v === 'boolean'),
  callable: typed((v) => v instanceof Callable),
  defined: isDefined,
  undefined: (v) => !isDefined(v),
  'divisibleby num': (v, [num]) => equals(mod(v, num ?? null), 0),
  escaped: () => false,
  even: (v) => equals(mod(v, 2), 0),
  odd: (v) => equals(mod(v, 2), 1),
  false: typed((v) => v === false),
  true: typed((v) => v === true),
  filter: (v, _, { scope }) => scope.environment.filters.has(str(v)),
  test: (v, _, { scope }) => scope.environment.tests.has(str(v)),
  float: typed(isFloat),
  integer: typed(isInteger),
  number: typed((v) => numeric(v) !== undefined),
  none: typed((v) => v === null),
  string: typed((v) => typeof v === 'string'),
  mapping: typed((v) => v instanceof Map),
  sequence: typed((v) => isIterable(v)),
  iterable: (v) => isIterable(usable(v)),
  lower: (v) => isCased(str(v), (s) => s.toLowerCase()),
  upper: (v) => isCased(str(v), (s) => s.toUpperCase()),
  'sameas other': (v, [other]) => same(v, other ?? null),
  'in seq': (v, [container]) => contains(container ?? null, v),
  'eq other': (v, [other]) => equals(v, other ?? null),
  'ne other': (v, [other]) => !equals(v, other ?? null),
  'gt other': (v, [other]) => compare(v, other ?? null, '>') > 0,
  'ge other': (v, [other]) => compare(v, other ?? null, '>=') >= 0,
  'lt other': (v, [other]) => compare(v, other ?? null, '<') < 0,
  'le other': (v, [other]) => compare(v, other ?? null, '<=') <= 0,
})

function isCased(text: string, fold: (s: string) => string): boolean {
  return text.toLowerCase() !== text.toUpperCase() && text === fold(text) && text.length > 0
}

/** Jinja's tests. */
export const jinjaTests: [string, TestFunction][] = [
  ...tests,
  ...aliases(tests, {
    '==': 'eq',
    equalto: 'eq',
    '!=': 'ne',
    '>': 'gt',
    greaterthan: 'gt',
    '>=': 'ge',
    '<': 'lt',
    lessthan: 'lt',
    '<=': 'le',
  }),
]
