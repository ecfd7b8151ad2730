import type { Position } from '../../events/types.ts'
import type { Diagnostic } from '../diagnostic.ts'
import { undefinedError } from '../python/usable.ts'
import type { CompiledTemplate, Scope, TemplateName, TemplateUses } from '../types.ts'
import type { Template, Value } from '../values.ts'
import { analyse } from './analyse.ts'
import { type Answers, resolveOnce, withEvaluation } from './evaluation.ts'
import type { Origin } from './origin.ts'
import { Output } from './output.ts'
import { compileProgram, type ProgramOptions, runFound, runProgram } from './program.ts'
import { Runtime, type Templates } from './runtime.ts'
import { findUndefined } from './settle.ts'
import type { Body, Expression } from './tree.ts'
import { waiting } from './waiting.ts'

/** How text in a user's YAML is read. */
export const inline: ProgramOptions = { trimBlocks: true, lstripBlocks: false }

/** A text with template marks; if it is native, one that is nothing but an expression gives that expression's value. */
export function templateOf(origin: Origin, options: ProgramOptions, isNative: boolean): CompiledTemplate {
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

/** A program at its place in the user's files. */
export class Compiled implements CompiledTemplate {
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

  get source(): string {
    return this.#origin.source
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
    if ('kind' in this.#tree && this.#tree.kind === 'constant') return this.#tree.value
    return withEvaluation(answers, (evaluation) => {
      const rt = new Runtime(scope, evaluation, this.#origin, templates, this)
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

const compiled = new WeakMap<Template, CompiledTemplate>()

/** The value of a Template in a scope, remembered there. Undefined when it needs what is undefined. */
export function resolveTemplate(template: Template, scope: Scope, name?: string): Value {
  return resolveOnce(template, scope, name, () => {
    let ready = compiled.get(template)
    if (!ready) {
      ready = templateOf(template, inline, true)
      compiled.set(template, ready)
    }
    return ready.evaluate(scope)
  })
}

const templates: Templates = { resolve: resolveTemplate, run: runFound }
