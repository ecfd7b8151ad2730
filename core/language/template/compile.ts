import { compileExpression, compileTruth } from './compile-expression.ts'
import { compileBody } from './compile-statement.ts'
import type { Compiler } from './compiler.ts'

/** The compiler of all kinds of nodes: a tree in, functions out. */
export const compiler: Compiler = {
  expression: (node) => compileExpression(node, compiler),
  truth: (node) => compileTruth(node, compiler),
  body: (body) => compileBody(body, compiler),
}
