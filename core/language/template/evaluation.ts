import { errorAt } from '../diagnostic.ts'
import { TemplateError, UndefinedVariableError } from '../errors.ts'
import type { Scope } from '../types.ts'
import { type Template, Undefined, type Value } from '../values.ts'
import { Budget } from './budget.ts'

/** Thrown where a lookup's answer is not there yet; evaluateAsync waits for it and evaluates again. */
export class Suspension {
  readonly answer: Promise<void>
  constructor(answer: Promise<void>) {
    this.answer = answer
  }
}

/** Where a lookup stands: its text, evaluated in a scope, and its order among the lookups of that evaluation. */
export interface LookupSite {
  readonly text: object
  readonly scope: Scope
  readonly index: number
}

type Known = { readonly value: Value[] } | { readonly error: unknown }

/** Answers that were waited for. A text asks for the same ones in the same order each time it is evaluated in a scope. */
export class Answers {
  #known: Map<object, Map<Scope, Known[]>> | undefined

  #list({ text, scope }: LookupSite): Known[] {
    this.#known ??= new Map()
    const byScope = this.#known.get(text) ?? new Map<Scope, Known[]>()
    this.#known.set(text, byScope)
    const list = byScope.get(scope) ?? []
    byScope.set(scope, list)
    return list
  }

  get(site: LookupSite): Value[] | undefined {
    const known = this.#list(site)[site.index]
    if (known && 'error' in known) throw known.error
    return known?.value
  }

  suspend(site: LookupSite, promise: Promise<Value[]>): never {
    const list = this.#list(site)
    const answer = promise.then(
      (value) => {
        list[site.index] = { value }
      },
      (error: unknown) => {
        list[site.index] = { error }
      },
    )
    throw new Suspension(answer)
  }
}

/** One evaluation, with all the variables it has to resolve on its way. */
export class Evaluation {
  readonly budget = new Budget()
  readonly answers: Answers | undefined
  readonly resolving: { template: Template; scope: Scope; name: string | undefined }[] = []

  constructor(answers?: Answers) {
    this.answers = answers
  }
}

let current: Evaluation | undefined

/** The evaluation that is running. Evaluation is synchronous, so there is one at a time; what runs inside it joins it. */
export function withEvaluation<T>(answers: Answers | undefined, run: (evaluation: Evaluation) => T): T {
  if (current) return run(current)
  current = new Evaluation(answers)
  try {
    return run(current)
  } finally {
    current = undefined
  }
}

/**
 * The value of a Template in a scope: evaluated once, then remembered for as long as the scope lives. One that needs an
 * undefined variable is itself undefined, as in Ansible, and says which.
 */
export function resolveOnce(
  template: Template,
  scope: Scope,
  name: string | undefined,
  evaluate: (evaluation: Evaluation) => Value,
): Value {
  if (scope.resolved?.scope !== scope) scope.resolved = { scope, values: new Map() }
  const known = scope.resolved.values
  const before = known.get(template)
  if (before !== undefined) return before
  return withEvaluation(undefined, (evaluation) => {
    const { resolving } = evaluation
    const start = resolving.findIndex((r) => r.template === template && r.scope === scope)
    if (start >= 0)
      throw cycle(
        [...resolving.slice(start), { name }].map((r) => r.name ?? template.source),
        template,
      )
    resolving.push({ template, scope, name })
    try {
      const value = evaluation.budget.nest(() => evaluate(evaluation))
      known.set(template, value)
      return value
    } catch (error) {
      if (!(error instanceof UndefinedVariableError)) throw error
      const undefinedValue = new Undefined(error.variable, `${error.message}${where(name, error)}`)
      causes.set(undefinedValue, error)
      known.set(template, undefinedValue)
      return undefinedValue
    } finally {
      resolving.pop()
    }
  })
}

/** What made a value undefined, for errors that shall point at the cause. */
export const causes = new WeakMap<Undefined, UndefinedVariableError>()

function where(name: string | undefined, error: UndefinedVariableError): string {
  const at = error.diagnostics[0]?.at
  if (name === undefined || !at || error.message.includes(' (read by ')) return ''
  return ` (read by '${name}' at ${at.file}:${at.line}:${at.column})`
}

function cycle(names: readonly string[], template: Template): TemplateError {
  const path = [...names.slice(0, -1), names[0]].join(' → ')
  return new TemplateError(errorAt('template-cycle', `a variable is made of itself: ${path}`, template.at))
}
