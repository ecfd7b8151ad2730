import type { Value } from '../values.ts'
import type { Output } from './output.ts'
import type { Runtime } from './runtime.ts'
import type { Body, Expression } from './tree.ts'

/** An expression, made ready to be evaluated again and again. */
export type Evaluate = (rt: Runtime) => Value

/** How a statement ended: in order, or by leaving the loop's round or the loop. */
export type Ending = 'done' | 'continue' | 'break'

/** Statements, made ready to be run again and again. */
export type Run = (rt: Runtime, out: Output) => Ending

/**
 * Compiles what stands inside a node. Every compile function is given it, so that the file of one kind of node need not
 * know the files of the others, which contain it in turn; compile.ts puts them together.
 */
export interface Compiler {
  readonly expression: (node: Expression) => Evaluate
  /** Python's truth of an expression; an undefined one raises. */
  readonly truth: (node: Expression) => (rt: Runtime) => boolean
  readonly body: (body: Body) => Run
}
