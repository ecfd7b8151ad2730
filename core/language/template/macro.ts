import { typeError } from '../python/error.ts'
import { Callable, type Dict, Tuple, Undefined, type Value } from '../values.ts'
import { compileArguments } from './arguments.ts'
import { callValue } from './call.ts'
import type { Compiler, Run } from './compiler.ts'
import { Frame } from './frame.ts'
import { Output } from './output.ts'
import { pathOf } from './path.ts'
import type { Runtime } from './runtime.ts'
import type { Macro, Statement } from './tree.ts'
import { readsName } from './walk.ts'

type CallBlock = Extract<Statement, { kind: 'call-block' }>

type FunctionNode = Pick<Macro, 'name' | 'parameters' | 'body'>

/** A macro as a function: it sees the names around its definition, and gives the text it writes. */
function compileFunction(node: FunctionNode, compiler: Compiler): (rt: Runtime) => Callable {
  const run = compiler.body(node.body)
  const parameters = node.parameters.map(({ name, fallback }) => ({
    name,
    fallback: fallback && compiler.expression(fallback),
  }))
  const takesRest = readsName(node.body, 'varargs')
  const takesKeywords = readsName(node.body, 'kwargs')
  const takesCaller = readsName(node.body, 'caller') && !parameters.some((p) => p.name === 'caller')

  function bind(rt: Runtime, frame: Frame, args: readonly Value[], kwargs: ReadonlyMap<string, Value>): void {
    const left = new Map(kwargs)
    for (const [i, { name, fallback }] of parameters.entries()) {
      let value = args[i]
      if (value !== undefined && left.has(name))
        throw typeError(`macro '${node.name}' got multiple values for argument '${name}'`)
      if (value === undefined) value = left.get(name)
      left.delete(name)
      if (value === undefined && fallback) value = rt.within(frame, () => fallback(rt))
      frame.set(name, value === undefined ? new Undefined(name, `parameter '${name}' was not provided`) : value)
    }
    if (takesCaller) {
      frame.set('caller', left.get('caller') ?? new Undefined('caller', 'no caller defined'))
      left.delete('caller')
    }
    const rest = args.slice(parameters.length)
    if (takesRest) frame.set('varargs', new Tuple(rest))
    else if (rest.length > 0)
      throw typeError(`macro '${node.name}' takes not more than ${parameters.length} argument(s)`)
    if (takesKeywords) frame.set('kwargs', new Map(left) as Dict)
    else if (left.has('caller'))
      throw typeError(`macro '${node.name}' was invoked with a call block, but uses no caller()`)
    else if (left.size > 0) throw typeError(`macro '${node.name}' takes no keyword argument '${[...left.keys()][0]}'`)
  }

  return (rt) => {
    const outer = rt.frame
    return new Callable(node.name, (args, kwargs) => {
      const before = rt.at
      const frame = new Frame(outer)
      const out = new Output(rt.evaluation.budget)
      try {
        bind(rt, frame, args, kwargs)
        rt.evaluation.budget.nest(() => rt.within(frame, () => run(rt, out)))
        const text = out.text()
        rt.at = before
        return text
      } catch (error) {
        throw rt.locate(error)
      }
    })
  }
}

export function compileMacro(node: Macro, compiler: Compiler): Run {
  const make = compileFunction(node, compiler)
  return (rt) => {
    rt.frame.set(node.name, make(rt))
    return 'done'
  }
}

export function compileCallBlock(node: CallBlock, compiler: Compiler): Run {
  const make = compileFunction({ name: 'caller', parameters: node.parameters, body: node.body }, compiler)
  const target = compiler.expression(node.call.target)
  const args = compileArguments(node.call.args, compiler)
  const path = pathOf(node.call.target)
  return (rt, out) => {
    const callee = target(rt)
    const { positional, named } = args(rt)
    rt.at = node.call.at
    const kwargs = new Map(named).set('caller', make(rt))
    out.write(rt.touch(callValue(rt, callee, positional, kwargs, path, node.call)))
    return 'done'
  }
}
