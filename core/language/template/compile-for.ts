import { iterate } from '../python/index.ts'
import type { Value } from '../values.ts'
import { assign } from './assign.ts'
import type { Compiler, Ending, Run } from './compiler.ts'
import { Frame } from './frame.ts'
import { LoopContext } from './loop-context.ts'
import { NoElse, truthOf } from './no-else.ts'
import { Output } from './output.ts'
import type { Runtime } from './runtime.ts'
import type { For } from './tree.ts'

export function compileFor(node: For, compiler: Compiler): Run {
  const iterable = compiler.expression(node.iterable)
  const condition = node.condition && compiler.expression(node.condition)
  const body = compiler.body(node.body)
  const otherwise = compiler.body(node.otherwise)

  /** The items for which the condition holds; each is looked at with its names set, but without `loop`. */
  function select(rt: Runtime, items: readonly Value[]): readonly Value[] {
    if (!condition) return items
    return items.filter((item) => {
      const frame = new Frame(rt.frame)
      assign(rt, frame, node.target, rt.touch(item))
      return rt.within(frame, () => truthOf(condition(rt)))
    })
  }

  function run(rt: Runtime, out: Output, source: Value, outer: Frame, depth: number): Ending {
    rt.at = node.iterable.at
    const all = source instanceof NoElse ? [] : iterate(source)
    rt.evaluation.budget.iterate(all.length)
    const items = select(rt, [...all])
    if (items.length === 0) return rt.within(new Frame(outer), () => otherwise(rt, out))
    const recurse = node.recursive
      ? (inner: Value, level: number) => {
          const text = new Output(rt.evaluation.budget)
          rt.evaluation.budget.nest(() => run(rt, text, inner, outer, level))
          return text.text()
        }
      : undefined
    const loop = new LoopContext(items, depth, (value) => rt.touch(value), recurse)
    for (let i = 0; i < items.length; i++) {
      loop.index = i
      const frame = new Frame(outer)
      frame.set('loop', loop)
      assign(rt, frame, node.target, rt.touch(items[i]!))
      if (rt.within(frame, () => body(rt, out)) === 'break') break
    }
    return 'done'
  }

  return (rt, out) => run(rt, out, iterable(rt), rt.frame, 1)
}
