import type { Position } from '../../events/types.ts'
import { type Diagnostic, DiagnosticError, errorAt } from '../diagnostic.ts'
import { undefinedError } from '../python/usable.ts'
import type { CompiledExpression, CompiledTemplate, Scope, TemplateName, TemplateUses } from '../types.ts'
import type { Template, TemplatePart, Value } from '../values.ts'
import { analyse } from './analyse.ts'
import { Answers, Suspension, withEvaluation } from './evaluation.ts'
import { fileOptions } from './header.ts'
import type { Origin } from './origin.ts'
import { Output } from './output.ts'
import { compileExpressionProgram, compileProgram, expressionLead, type ProgramOptions, runProgram } from './program.ts'
import { resolveTemplate } from './resolve.ts'
import { Runtime } from './runtime.ts'
import { findUndefined } from './settle.ts'
import type { Body, Expression } from './tree.ts'

const inline: ProgramOptions = { trimBlocks: true, lstripBlocks: false }
/** Most lookups that one evaluation may wait for. */
const maxWaits = 10_000

/** Text with template marks, as it stands in a file of the user's. Cached by content; DiagnosticError for bad syntax. */
export function compileTemplate(source: string, at: Position): CompiledTemplate {
  return templateOf({ source, at }, inline, true)
}

/** A Template, with the exact places of its lines. */
export function compile(template: Template): CompiledTemplate {
  return templateOf(template, inline, true)
}

/** A whole file as the template module reads it; its result is always text. */
export function templateFile(source: string, file: string): CompiledTemplate {
  const { origin, options } = fileOptions(source, file)
  return templateOf(origin, options, false)
}

/**
 * A bare expression, as in `when:` and `until:`. One that is wholly written in `{{ }}` is taken without them, with a
 * warning in its notes.
 */
export function compileExpression(source: string, at: Position, parts?: readonly TemplatePart[]): CompiledExpression {
  const braces = /^(\s*\{\{-?)([\s\S]*?)-?\}\}\s*$/.exec(source)
  const notes: Diagnostic[] = []
  let origin: Origin = { source, at, parts, lead: expressionLead.length }
  if (braces && !/\{\{|\}\}/.test(braces[2]!)) {
    const message = 'a condition is an expression already'
    notes.push({ severity: 'warning', code: 'condition-braces', message, at, hint: 'leave out {{ and }}' })
    origin = { ...origin, source: ' '.repeat(braces[1]!.length) + braces[2]! }
  } else if (/\{\{|\{%/.test(source.replaceAll(/'[^']*'|"[^"]*"/g, ''))) {
    const hint = 'write the variable without {{ and }}, and join texts with ~'
    throw new DiagnosticError([errorAt('condition-braces', 'an expression cannot contain {{ or {%', at, hint)])
  }
  const program = compileExpressionProgram(origin)
  return new Compiled(origin, program.tree, notes, (rt) => {
    if (program.mutates) rt.copies = new Map()
    return program.evaluate(rt)
  })
}

function templateOf(origin: Origin, options: ProgramOptions, isNative: boolean): CompiledTemplate {
  const program = compileProgram(origin, options)
  return new Compiled(origin, program.tree, [], (rt) => {
    const out = new Output(rt.evaluation.budget)
    runProgram(program, rt, out)
    const value = isNative ? out.native() : out.text()
    return typeof value === 'string' ? restoreNewlines(value, program.newlines) : value
  })
}

function restoreNewlines(text: string, wanted: number): string {
  if (wanted === 0) return text
  let have = 0
  while (have < wanted && text[text.length - 1 - have] === '\n') have++
  return text + '\n'.repeat(wanted - have)
}

class Compiled implements CompiledTemplate {
  readonly notes: readonly Diagnostic[]
  readonly #origin: Origin
  readonly #tree: Body | Expression
  readonly #run: (rt: Runtime) => Value
  #analysis: { names: readonly TemplateName[]; uses: TemplateUses } | undefined

  constructor(origin: Origin, tree: Body | Expression, notes: readonly Diagnostic[], run: (rt: Runtime) => Value) {
    this.#origin = origin
    this.#tree = tree
    this.notes = notes
    this.#run = run
  }

  get at(): Position {
    return this.#origin.at
  }

  get names(): readonly TemplateName[] {
    return this.#analysed().names
  }

  get uses(): TemplateUses {
    return this.#analysed().uses
  }

  #analysed() {
    this.#analysis ??= analyse(this.#tree, this.#origin)
    return this.#analysis
  }

  evaluate(scope: Scope): Value {
    return this.#evaluate(scope, undefined)
  }

  async evaluateAsync(scope: Scope): Promise<Value> {
    return waiting(scope, (answers) => this.#evaluate(scope, answers))
  }

  #evaluate(scope: Scope, answers: Answers | undefined): Value {
    return withEvaluation(answers, (evaluation) => {
      const rt = new Runtime(scope, evaluation, this.#origin, resolveTemplate, this)
      try {
        const value = rt.settle(this.#run(rt))
        const missing = findUndefined(value)
        if (missing) throw undefinedError(missing)
        return value
      } catch (error) {
        throw rt.locate(error)
      }
    })
  }
}

/** Evaluates, and again each time a lookup's answer has come; ends when the scope's signal is aborted. */
export async function waiting<T>(scope: Scope, evaluate: (answers: Answers) => T): Promise<T> {
  const answers = new Answers()
  const { signal } = scope.environment
  for (let i = 0; i < maxWaits; i++) {
    signal?.throwIfAborted()
    try {
      return evaluate(answers)
    } catch (error) {
      if (!(error instanceof Suspension)) throw error
      await abortable(error.answer, signal)
    }
  }
  throw new RangeError(`a template waited for more than ${maxWaits} lookups`)
}

async function abortable(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return promise
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error)
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
