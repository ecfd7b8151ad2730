import { DiagnosticError, errorAt } from '../diagnostic.ts'
import { TemplateError } from '../errors.ts'
import { PythonError, str, truth, typeError, undefinedError } from '../python/index.ts'
import { didYouMean } from '../suggest.ts'
import type { CallContext, LookupFunction } from '../types.ts'
import { Undefined, type Value } from '../values.ts'
import { type Answer, ContextCallable } from './context-callable.ts'

/** `lookup('file', 'x')`: the answers joined by commas when they are texts; a single answer as it is. */
export const lookup = new ContextCallable('lookup', (context, args, kwargs, answer) => {
  const isList = truth(kwargs.get('wantlist') ?? false)
  return run(context, args, kwargs, answer, isList)
})

/** `query('file', 'x')`, `q(…)`: the answers as a list. */
export const query = new ContextCallable('query', (context, args, kwargs, answer) => {
  return run(context, args, kwargs, answer, truth(kwargs.get('wantlist') ?? true))
})

function run(
  context: CallContext,
  args: readonly Value[],
  kwargs: ReadonlyMap<string, Value>,
  answer: Answer,
  isList: boolean,
): Value {
  const [first, ...terms] = args
  if (first === undefined) throw typeError('a lookup needs the name of its plugin')
  const name = str(first)
  const options = new Map(kwargs)
  options.delete('wantlist')
  options.delete('errors')
  const errors = str(kwargs.get('errors') ?? 'strict')
  for (const term of [...terms, ...options.values()]) if (term instanceof Undefined) throw undefinedError(term)
  const plugin = find(context, name)
  try {
    const answers = answer(() => plugin(terms, options, context))
    return isList ? answers : join(answers)
  } catch (error) {
    const isMistake = error instanceof PythonError || (error instanceof DiagnosticError && errors !== 'strict')
    if (isMistake && (errors === 'ignore' || errors === 'warn')) return isList ? [] : null
    if (error instanceof DiagnosticError) throw placed(error, context)
    if (!(error instanceof PythonError)) throw error
    throw new TemplateError(errorAt('lookup-failed', `the lookup '${name}' failed: ${error.message}`, context.at))
  }
}

/** A diagnostic without a place of its own gets the place of the call. */
function placed(error: DiagnosticError, context: CallContext): DiagnosticError {
  const [diagnostic] = error.diagnostics
  return !diagnostic || diagnostic.at ? error : new TemplateError({ ...diagnostic, at: context.at })
}

function find(context: CallContext, name: string): LookupFunction {
  const { lookups } = context.scope.environment
  const found =
    lookups.get(name) ?? (name.startsWith('ansible.') ? lookups.get(name.slice(name.lastIndexOf('.') + 1)) : undefined)
  if (found) return found
  const close = didYouMean(name, lookups.keys())
  const message = `there is no lookup '${name}'${close === undefined ? '' : `, did you mean '${close}'?`}`
  throw new TemplateError(errorAt('unknown-lookup', message, context.at))
}

function join(answers: readonly Value[]): Value {
  if (answers.length === 1) return answers[0]!
  return answers.length > 0 && answers.every((a) => typeof a === 'string') ? answers.join(',') : [...answers]
}
