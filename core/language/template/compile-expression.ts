import { dictSet, neg, pos, slice, str, undefinedError } from '../python/index.ts'
import { type Dict, PythonObject, Tuple, Undefined } from '../values.ts'
import { compileArguments } from './arguments.ts'
import { callValue } from './call.ts'
import type { Compiler, Evaluate } from './compiler.ts'
import { compileFilter, compileTest } from './filters.ts'
import { readAttribute, readItem } from './member.ts'
import { NoElse, truthOf } from './no-else.ts'
import { binaryOperations, comparisons } from './operators.ts'
import { pathOf } from './path.ts'
import type { Runtime } from './runtime.ts'
import type { Call, Comparison, Conditional, Expression, Slice } from './tree.ts'

export function compileExpression(node: Expression, compiler: Compiler): Evaluate {
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
      const target = compiler.expression(node.target)
      const path = pathOf(node)
      const { name } = node
      return (rt) => {
        const value = target(rt)
        rt.at = at
        return readAttribute(rt, value, name, path)
      }
    }
    case 'item': {
      const target = compiler.expression(node.target)
      const index = compiler.expression(node.index)
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
      return compileSlice(node, compiler)
    case 'call':
      return compileCall(node, compiler)
    case 'filter':
      return compileFilter(node, compiler)
    case 'test':
      return compileTest(node, compiler)
    case 'not': {
      const operand = compiler.truth(node.operand)
      return (rt) => !operand(rt)
    }
    case 'negative':
    case 'positive': {
      const operand = compiler.expression(node.operand)
      const operation = node.kind === 'negative' ? neg : pos
      return (rt) => {
        const value = operand(rt)
        rt.at = at
        return operation(value)
      }
    }
    case 'binary': {
      const left = compiler.expression(node.left)
      const right = compiler.expression(node.right)
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
      return compileLogic(node, compiler)
    case 'concat': {
      const parts = node.parts.map(compiler.expression)
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
      return compileComparison(node, compiler)
    case 'conditional':
      return compileConditional(node, compiler)
    case 'list': {
      const items = node.items.map(compiler.expression)
      return (rt) => items.map((item) => rt.settle(item(rt)))
    }
    case 'tuple': {
      const items = node.items.map(compiler.expression)
      return (rt) => new Tuple(items.map((item) => rt.settle(item(rt))))
    }
    case 'dict': {
      const pairs = node.pairs.map(([key, value]) => [compiler.expression(key), compiler.expression(value)] as const)
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
export function compileTruth(node: Expression, compiler: Compiler): (rt: Runtime) => boolean {
  const evaluate = compiler.expression(node)
  return (rt) => {
    const value = evaluate(rt)
    if (typeof value === 'boolean') return value
    rt.at = node.at
    return truthOf(value)
  }
}

function compileLogic(node: Extract<Expression, { kind: 'and' | 'or' }>, { expression }: Compiler): Evaluate {
  const left = expression(node.left)
  const right = expression(node.right)
  const isAnd = node.kind === 'and'
  return (rt) => {
    const value = left(rt)
    rt.at = node.left.at
    return truthOf(value) === isAnd ? right(rt) : value
  }
}

function compileComparison(node: Comparison, compiler: Compiler): Evaluate {
  const first = compiler.expression(node.first)
  const rest = node.rest.map(({ operator, at, operand }) => ({
    holds: comparisons[operator],
    at,
    operand: compiler.expression(operand),
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

function compileConditional(node: Conditional, compiler: Compiler): Evaluate {
  const test = compiler.truth(node.test)
  const chosen = compiler.expression(node.value)
  const otherwise = node.otherwise && compiler.expression(node.otherwise)
  const path = pathOf(node.value)
  return (rt) => {
    if (test(rt)) return chosen(rt)
    if (otherwise) return otherwise(rt)
    return new NoElse(path)
  }
}

function compileSlice(node: Slice, compiler: Compiler): Evaluate {
  const target = compiler.expression(node.target)
  const bounds = [node.start, node.stop, node.step].map((bound) => bound && compiler.expression(bound))
  return (rt) => {
    const value = rt.settle(target(rt))
    const [start, stop, step] = bounds.map((bound) => bound?.(rt))
    rt.at = node.at
    if (value instanceof Undefined) return value
    return slice(value, start, stop, step)
  }
}

function compileCall(node: Call, compiler: Compiler): Evaluate {
  const target = compiler.expression(node.target)
  const args = compileArguments(node.args, compiler)
  const path = pathOf(node.target)
  return (rt) => {
    const callee = target(rt)
    const { positional, named } = args(rt)
    rt.at = node.at
    const result = callValue(rt, callee, positional, named, path, node)
    return result instanceof PythonObject ? result : rt.touch(result, path)
  }
}
