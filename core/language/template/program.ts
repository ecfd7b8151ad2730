import { DiagnosticError, errorAt } from '../diagnostic.ts'
import { PythonError } from '../python/error.ts'
import type { Value } from '../values.ts'
import { compiler } from './compile.ts'
import type { Evaluate, Run } from './compiler.ts'
import { type FoundTemplate, findTemplate } from './folders.ts'
import { Frame } from './frame.ts'
import { type BlockVersion, selfOf } from './inheritance.ts'
import { JinjaLexer, type LexerOptions } from './lexer.ts'
import { mutators } from './member.ts'
import { type Origin, positionAt } from './origin.ts'
import type { Output } from './output.ts'
import { Runtime } from './runtime.ts'
import { TemplateParser } from './statement-parser.ts'
import { SyntaxMistake } from './syntax-error.ts'
import type { Block, Body, Expression } from './tree.ts'
import { walk } from './walk.ts'

export type ProgramOptions = LexerOptions

/** A template made ready to run; it depends on the text alone, so equal texts share it. */
export interface Program {
  readonly tree: Body
  readonly run: Run
  readonly blocks: readonly { readonly node: Block; readonly run: Run }[]
  /** It calls methods that write to lists or dicts. */
  readonly mutates: boolean
  /** Newlines at the end of the text; the result gets as many. */
  readonly newlines: number
}

export interface ExpressionProgram {
  readonly tree: Expression
  readonly evaluate: Evaluate
  readonly mutates: boolean
}

/** Programs by text. Texts are the user's files, so there are not many; beyond the limit the oldest goes. */
class Cache<T> {
  readonly #entries = new Map<string, T>()
  get(key: string, make: () => T): T {
    const known = this.#entries.get(key)
    if (known !== undefined) return known
    const made = make()
    if (this.#entries.size >= 5000) this.#entries.delete(this.#entries.keys().next().value!)
    this.#entries.set(key, made)
    return made
  }
}

/** By the options, so that a text is looked up as it is. */
const programs = new Map<number, Cache<Program>>()
const expressions = new Cache<ExpressionProgram>()

/** Lead of a bare expression, to parse it as if it stood in `{{ }}`. */
export const expressionLead = '{{ '

export function compileProgram(origin: Origin, options: ProgramOptions): Program {
  return reading(origin, () =>
    programsWith(options).get(origin.source, () => {
      const { source } = origin
      const newlines = source.length - source.replace(/\n+$/, '').length
      const text = newlines > 0 ? source.slice(0, -1) : source
      const tree = new TemplateParser(new JinjaLexer(text, options)).parseTemplate()
      return { tree, run: compiler.body(tree), blocks: blocksOf(tree), mutates: isMutating(tree), newlines }
    }),
  )
}

function programsWith({ trimBlocks, lstripBlocks }: ProgramOptions): Cache<Program> {
  const key = (trimBlocks ? 1 : 0) + (lstripBlocks ? 2 : 0)
  const known = programs.get(key) ?? new Cache<Program>()
  programs.set(key, known)
  return known
}

export function compileExpressionProgram(origin: Origin): ExpressionProgram {
  return reading(origin, () =>
    expressions.get(origin.source, () => {
      const options = { trimBlocks: false, lstripBlocks: false }
      const parser = new TemplateParser(new JinjaLexer(`${expressionLead}${origin.source} }}`, options))
      const tree = parser.parseWhole()
      return { tree, evaluate: compiler.expression(tree), mutates: isMutating(tree) }
    }),
  )
}

function reading<T>(origin: Origin, compile: () => T): T {
  try {
    return compile()
  } catch (error) {
    if (error instanceof SyntaxMistake) {
      const at = positionAt(origin, error.offset)
      throw new DiagnosticError([errorAt('template-syntax', error.message, at, error.hint)])
    }
    if (error instanceof RangeError && /call stack/.test(error.message)) {
      throw new DiagnosticError([errorAt('template-too-deep', 'the template is nested too deep', origin.at)])
    }
    throw error
  }
}

function isMutating(tree: Body | Expression): boolean {
  let found = false
  walk(tree, (node) => {
    if (node.kind === 'call' && node.target.kind === 'attribute' && mutators.has(node.target.name)) found = true
    return !found
  })
  return found
}

function blocksOf(tree: Body): Program['blocks'] {
  const blocks: { node: Block; run: Run }[] = []
  walk(tree, (node) => {
    if (node.kind !== 'block') return true
    if (blocks.some((b) => b.node.name === node.name))
      throw new SyntaxMistake(`block '${node.name}' defined twice`, node.at)
    blocks.push({ node, run: compiler.body(node.body) })
    return true
  })
  return blocks
}

/** Runs a template, and the templates it extends. */
export function runProgram(program: Program, rt: Runtime, out: Output): void {
  if (program.mutates) rt.copies ??= new Map<string, Value>()
  if (program.blocks.length > 0 || rt.blocks) {
    rt.blocks ??= new Map()
    for (const { node, run } of program.blocks) {
      const versions: BlockVersion[] = rt.blocks.get(node.name) ?? []
      versions.push({ rt, node, run })
      rt.blocks.set(node.name, versions)
    }
    rt.frame.set('self', selfOf(rt))
  }
  program.run(rt, out)
  const { parent } = rt
  if (!parent) return
  rt.at = parent.at
  const name = String(parent.template)
  const found = findTemplate(rt.scope.environment.folders, [name])
  if (!found) throw new PythonError('FilterError', `template '${name}' was not found`)
  const base = new Runtime(rt.scope, rt.evaluation, found.origin, rt.templates, found.origin)
  base.frame = new Frame(rt.top)
  base.top = base.frame
  base.blocks = rt.blocks ?? new Map()
  base.copies = rt.copies
  out.discards = false
  try {
    rt.evaluation.budget.nest(() => runFound(found, base, out))
  } catch (error) {
    throw base.locate(error)
  }
}

/** Runs a template of the folders. */
export function runFound(found: FoundTemplate, rt: Runtime, out: Output): void {
  runProgram(compileProgram(found.origin, found.options), rt, out)
}
