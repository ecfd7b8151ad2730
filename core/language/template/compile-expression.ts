import { dictSet, neg, pos, slice, str, undefinedError } from '../python/index.ts'
import { type Dict, PythonObject, Tuple, Undefined, type Value } from '../values.ts'
import { compileArguments } from './arguments.ts'
import { callValue } from './call.ts'
import { compileFilter, compileTest } from './filters.ts'
import { readAttribute, readItem } from './member.ts'
import { NoElse, truthOf } from './no-else.ts'
import { binaryOperations, comparisons } from './operators.ts'
import { pathOf } from './path.ts'
import type { Runtime } from './runtime.ts'
import type { Call, Comparison, Conditional, Expression, Slice } from './tree.ts'

/** An expression, made ready to be evaluated again and again. */
export type Evaluate = (rt: Runtime) => Value

export function compileExpression(node: Expression): Evaluate {
  const { at } = node
  switch (node.kind) {
    case 'constant': {
      const { value } = node
      return () => value
    }
    case 'name': {
      const { name } = node
      return (rt) => {
        rt.at = at
        return rt.name(name)
      }
    }
    case 'attribute': {
      const target = compileExpression(node.target)
      const path = pathOf(node)
      const { name } = node
      return (rt) => {
        const value = target(rt)
        rt.at = at
        return readAttribute(rt, value, name, path)
      }
    }
    case 'item': {
      const target = compileExpression(node.target)
      const index = compileExpression(node.index)
      const path = pathOf(node)
      return (rt) => {
        const value = target(rt)
        const key = rt.settle(index(rt))
        rt.at = at
        if (key instanceof Undefined) throw undefinedError(key)
        return readItem(rt, value, key, path)
      }
    }
    case 'slice':
      return compileSlice(node)
    case 'call':
      return compileCall(node)
    case 'filter':
      return compileFilter(node, compileExpression(node.target))
    case 'test':
      return compileTest(node)
    case 'not': {
      const operand = compileTruth(node.operand)
      return (rt) => !operand(rt)
    }
    case 'negative':
    case 'positive': {
      const operand = compileExpression(node.operand)
      const operation = node.kind === 'negative' ? neg : pos
      return (rt) => {
        const value = operand(rt)
        rt.at = at
        return operation(value)
      }
    }
    case 'binary': {
      const left = compileExpression(node.left)
      const right = compileExpression(node.right)
      const operation = binaryOperations[node.operator]
      return (rt) => {
        const a = rt.settle(left(rt))
        const b = rt.settle(right(rt))
        rt.at = at
        return operation(a, b)
      }
    }
    case 'and':
    case 'or':
      return compileLogic(node)
    case 'concat': {
      const parts = node.parts.map(compileExpression)
      return (rt) => {
        let text = ''
        for (const part of parts) {
          const value = rt.settle(part(rt))
          rt.at = at
          const piece = value instanceof NoElse ? '' : str(value)
          rt.evaluation.budget.write(piece.length)
          text += piece
        }
        return text
      }
    }
    case 'compare':
      return compileComparison(node)
    case 'conditional':
      return compileConditional(node)
    case 'list': {
      const items = node.items.map(compileExpression)
      return (rt) => items.map((item) => rt.settle(item(rt)))
    }
    case 'tuple': {
      const items = node.items.map(compileExpression)
      return (rt) => new Tuple(items.map((item) => rt.settle(item(rt))))
    }
    case 'dict': {
      const pairs = node.pairs.map(([key, value]) => [compileExpression(key), compileExpression(value)] as const)
      return (rt) => {
        const dict: Dict = new Map()
        for (const [key, value] of pairs) {
          const k = rt.settle(key(rt))
          const v = rt.settle(value(rt))
          rt.at = at
          dictSet(dict, k, v)
        }
        return dict
      }
    }
  }
}

/** Python's truth of an expression; an undefined one raises. */
export function compileTruth(node: Expression): (rt: Runtime) => boolean {
  const evaluate = compileExpression(node)
  return (rt) => {
    const value = evaluate(rt)
    if (typeof value === 'boolean') return value
    rt.at = node.at
    return truthOf(value)
  }
}

function compileLogic(node: Extract<Expression, { kind: 'and' | 'or' }>): Evaluate {
  const left = compileExpression(node.left)
  const right = compileExpression(node.right)
  const isAnd = node.kind === 'and'
  return (rt) => {
    const value = left(rt)
    rt.at = node.left.at
    return truthOf(value) === isAnd ? right(rt) : value
  }
}

function compileComparison(node: Comparison): Evaluate {
  const first = compileExpression(node.first)
  const rest = node.rest.map(({ operator, at, operand }) => ({
    holds: comparisons[operator],
    at,
    operand: compileExpression(operand),
  }))
  return (rt) => {
    let left = rt.settle(first(rt))
    for (const { holds, at, operand } of rest) {
      const right = rt.settle(operand(rt))
      rt.at = at
      if (!holds(left, right)) return false
      left = right
    }
    return true
  }
}

function compileConditional(node: Conditional): Evaluate {
  const test = compileTruth(node.test)
  const chosen = compileExpression(node.value)
  const otherwise = node.otherwise && compileExpression(node.otherwise)
  const path = pathOf(node.value)
  return (rt) => {
    if (test(rt)) return chosen(rt)
    if (otherwise) return otherwise(rt)
    return new NoElse(path)
  }
}

function compileSlice(node: Slice): Evaluate {
  const target = compileExpression(node.target)
  const bounds = [node.start, node.stop, node.step].map((bound) => bound && compileExpression(bound))
  return (rt) => {
    const value = rt.settle(target(rt))
    const [start, stop, step] = bounds.map((bound) => bound?.(rt))
    rt.at = node.at
    if (value instanceof Undefined) return value
    return slice(value, start, stop, step)
  }
}

function compileCall(node: Call): Evaluate {
  const target = compileExpression(node.target)
  const args = compileArguments(node.args)
  const path = pathOf(node.target)
  return (rt) => {
    const callee = target(rt)
    const { positional, named } = args(rt)
    rt.at = node.at
    const result = callValue(rt, callee, positional, named, path, node)
    return result instanceof PythonObject ? result : rt.touch(result, path)
  }
}
