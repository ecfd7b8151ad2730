import { errorAt } from '../diagnostic.ts'
import { TemplateError } from '../errors.ts'
import { bind, signature, str, truth } from '../python/index.ts'
import type { CallContext } from '../types.ts'
import type { Value } from '../values.ts'
import { ContextCallable } from './context-callable.ts'

const parameters = signature('now', 'utc? fmt?')

/** `now(utc=false, fmt='%Y-%m-%d')`: the time of the controller, as a datetime or, with a format, as text. */
export const now = new ContextCallable('now', (context, args, kwargs) => {
  const [utc, format] = bind(parameters, args, kwargs).values
  const isUtc = truth(utc ?? false)
  const date = new Date()
  if (format !== undefined && format !== null) {
    return filter(context, 'strftime', str(format), [date.getTime() / 1000], new Map([['utc', isUtc]]))
  }
  const local = isUtc ? date : new Date(date.getTime() - date.getTimezoneOffset() * 60_000)
  const text = local.toISOString().replace('T', ' ').replace('Z', '000')
  return filter(context, 'to_datetime', text, ['%Y-%m-%d %H:%M:%S.%f'], new Map())
})

function filter(
  context: CallContext,
  name: string,
  input: Value,
  args: readonly Value[],
  kwargs: ReadonlyMap<string, Value>,
): Value {
  const found = context.scope.environment.filters.get(name)
  if (!found) throw new TemplateError(errorAt('unknown-filter', `now() needs the filter '${name}'`, context.at))
  return found(input, args, kwargs, context)
}
