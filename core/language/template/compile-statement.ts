import { undefinedError } from '../python/usable.ts'
import { Undefined, type Value } from '../values.ts'
import { compileArguments } from './arguments.ts'
import { assign } from './assign.ts'
import { compileFor } from './compile-for.ts'
import type { Compiler, Evaluate, Run } from './compiler.ts'
import { applyFilter } from './filters.ts'
import { Frame } from './frame.ts'
import { compileFrom, compileImport, compileInclude } from './include.ts'
import { runBlock } from './inheritance.ts'
import { compileCallBlock, compileMacro } from './macro.ts'
import { NoElse } from './no-else.ts'
import { Output } from './output.ts'
import type { Body, BodyFilter, Statement } from './tree.ts'

export function compileBody(body: Body, compiler: Compiler): Run {
  const statements = body.map((node) => compileStatement(node, compiler))
  return (rt, out) => {
    for (const run of statements) {
      const ending = run(rt, out)
      if (ending !== 'done') return ending
    }
    return 'done'
  }
}

function compileStatement(node: Statement, compiler: Compiler): Run {
  const { at } = node
  switch (node.kind) {
    case 'text': {
      const { text } = node
      return (_, out) => {
        out.write(text)
        return 'done'
      }
    }
    case 'output': {
      const expression = compiler.expression(node.expression)
      return (rt, out) => {
        if (out.discards) return 'done'
        const value = rt.settle(expression(rt))
        if (value instanceof NoElse) return 'done'
        if (value instanceof Undefined) {
          rt.at = node.expression.at
          throw undefinedError(value)
        }
        out.write(value)
        return 'done'
      }
    }
    case 'if': {
      const branches = node.branches.map(({ test, body }) => ({ test: compiler.truth(test), run: compiler.body(body) }))
      const otherwise = compiler.body(node.otherwise)
      return (rt, out) => (branches.find(({ test }) => test(rt))?.run ?? otherwise)(rt, out)
    }
    case 'for':
      return compileFor(node, compiler)
    case 'set': {
      const value = compiler.expression(node.value)
      return (rt) => {
        assign(rt, rt.frame, node.target, value(rt))
        return 'done'
      }
    }
    case 'capture': {
      const body = compileCapture(node, compiler)
      return (rt) => {
        assign(rt, rt.frame, node.target, body(rt))
        return 'done'
      }
    }
    case 'filter-block': {
      const body = compileCapture(node, compiler)
      return (rt, out) => {
        out.write(body(rt))
        return 'done'
      }
    }
    case 'macro':
      return compileMacro(node, compiler)
    case 'call-block':
      return compileCallBlock(node, compiler)
    case 'include':
      return compileInclude(node, compiler)
    case 'import':
      return compileImport(node, compiler)
    case 'from':
      return compileFrom(node, compiler)
    case 'extends': {
      const template = compiler.expression(node.template)
      return (rt, out) => {
        rt.parent = { template: rt.settle(template(rt)), at }
        out.discards = true
        return 'done'
      }
    }
    case 'block':
      return (rt, out) => {
        if (!out.discards) runBlock(rt, out, node)
        return 'done'
      }
    case 'with': {
      const pairs = node.pairs.map(([target, value]) => [target, compiler.expression(value)] as const)
      const body = compiler.body(node.body)
      return (rt, out) => {
        const frame = new Frame(rt.frame)
        for (const [target, value] of pairs) assign(rt, frame, target, value(rt))
        return rt.within(frame, () => body(rt, out))
      }
    }
    case 'scope': {
      const body = compiler.body(node.body)
      return (rt, out) => rt.within(new Frame(rt.frame), () => body(rt, out))
    }
    case 'do': {
      const expression = compiler.expression(node.expression)
      return (rt) => {
        expression(rt)
        return 'done'
      }
    }
    case 'break':
    case 'continue':
      return () => node.kind
  }
}

/** The text of a body, through its filters. */
function compileCapture(
  { body, filters }: { body: Body; filters: readonly BodyFilter[] },
  compiler: Compiler,
): Evaluate {
  const run = compiler.body(body)
  const steps = filters.map((filter) => ({ ...filter, args: compileArguments(filter.args, compiler) }))
  return (rt) => {
    const out = new Output(rt.evaluation.budget)
    rt.within(new Frame(rt.frame), () => run(rt, out))
    let value: Value = out.text()
    for (const { name, at, args } of steps) value = applyFilter(rt, name, at, value, args(rt))
    return value
  }
}
