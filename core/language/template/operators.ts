import { add, compare, contains, div, equals, floordiv, mod, mul, pow, sub } from '../python/index.ts'
import type { Value } from '../values.ts'
import type { BinaryOperator, CompareOperator } from './tree.ts'

export const binaryOperations: Readonly<Record<BinaryOperator, (a: Value, b: Value) => Value>> = {
  '+': add,
  '-': sub,
  '*': mul,
  '/': div,
  '//': floordiv,
  '%': mod,
  '**': pow,
}

export const comparisons: Readonly<Record<CompareOperator, (a: Value, b: Value) => boolean>> = {
  '==': equals,
  '!=': (a, b) => !equals(a, b),
  '<': (a, b) => compare(a, b, '<') < 0,
  '<=': (a, b) => compare(a, b, '<=') <= 0,
  '>': (a, b) => compare(a, b, '>') > 0,
  '>=': (a, b) => compare(a, b, '>=') >= 0,
  in: (a, b) => contains(b, a),
  'not in': (a, b) => !contains(b, a),
}
