import { PythonError } from '../python/error.ts'
import { Callable, type Value } from '../values.ts'
import type { Run } from './compiler.ts'
import { Frame } from './frame.ts'
import { Output } from './output.ts'
import type { Runtime } from './runtime.ts'
import type { Block } from './tree.ts'

/** One template's version of a block, with the runtime of the template it stands in. */
export interface BlockVersion {
  readonly rt: Runtime
  readonly node: Block
  readonly run: Run
}

/** Blocks by name, the most derived version first. */
export type Blocks = Map<string, BlockVersion[]>

/** Runs the most derived version of a block where the block stands. */
export function runBlock(rt: Runtime, out: Output, node: Block): void {
  const versions = rt.blocks?.get(node.name) ?? []
  const frame = new Frame(node.scoped ? rt.frame : rt.top)
  runVersion(versions, 0, frame, out, node)
}

function runVersion(versions: readonly BlockVersion[], index: number, frame: Frame, out: Output, node: Block): void {
  const version = versions[index]
  if (!version) throw new PythonError('FilterError', `there is no parent block called '${node.name}'`)
  if (version.node.required) throw new PythonError('FilterError', `the block '${node.name}' is required and not given`)
  const { rt, run } = version
  const inner = new Frame(frame)
  inner.set(
    'super',
    new Callable('super', () => {
      const text = new Output(rt.evaluation.budget)
      runVersion(versions, index + 1, frame, text, node)
      return text.text()
    }),
  )
  try {
    rt.evaluation.budget.nest(() => rt.within(inner, () => run(rt, out)))
  } catch (error) {
    throw rt.locate(error)
  }
}

/** `self`: the blocks as functions. */
export function selfOf(rt: Runtime): Value {
  const functions = new Map<string, Value>()
  for (const [name, versions] of rt.blocks ?? []) {
    functions.set(
      name,
      new Callable(name, () => {
        const text = new Output(rt.evaluation.budget)
        runVersion(versions, 0, new Frame(rt.top), text, versions[0]!.node)
        return text.text()
      }),
    )
  }
  return functions
}
