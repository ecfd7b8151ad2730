import { errorAt } from '../diagnostic.ts'
import { TemplateError } from '../errors.ts'
import { ContextCallable } from '../globals/context-callable.ts'
import { typeError, typeName, undefinedError } from '../python/index.ts'
import { Callable, Undefined, type Value } from '../values.ts'
import { LoopContext } from './loop-context.ts'
import type { Runtime } from './runtime.ts'

/** Calls a function, a method, a macro, a lookup, or a loop that is recursive. */
export function callValue(
  rt: Runtime,
  callee: Value,
  args: readonly Value[],
  kwargs: ReadonlyMap<string, Value>,
  path: string,
  site: { readonly at: number },
): Value {
  if (callee instanceof ContextCallable) {
    return callee.callIn(rt.context(site.at), args, kwargs, (ask) => answer(rt, ask))
  }
  if (callee instanceof Callable) return callee.call(args, kwargs)
  if (callee instanceof LoopContext) return callee.recurse(args)
  if (callee instanceof Undefined) throw undefinedError(callee)
  throw typeError(`'${path}' is of type ${typeName(callee)} and cannot be called`)
}

/** An answer that was waited for is remembered by its order in the text; see Answers. */
function answer(rt: Runtime, ask: () => Value[] | Promise<Value[]>): Value[] {
  const site = { text: rt.text, scope: rt.scope, index: rt.lookups++ }
  const { answers } = rt.evaluation
  const known = answers?.get(site)
  if (known) return known
  const result = ask()
  if (!(result instanceof Promise)) return result
  if (answers) return answers.suspend(site, result)
  result.catch(() => undefined)
  throw new TemplateError(errorAt('lookup-waits', 'a lookup that has to wait cannot be used here'))
}
