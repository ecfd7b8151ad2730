import type { CompiledTemplate, Scope } from '../types.ts'
import type { Template, Value } from '../values.ts'
import { resolveOnce } from './evaluation.ts'
import { compile } from './template.ts'

const compiled = new WeakMap<Template, CompiledTemplate>()

/** The value of a Template in a scope, remembered there. Undefined when it needs what is undefined. */
export function resolveTemplate(template: Template, scope: Scope, name?: string): Value {
  return resolveOnce(template, scope, name, () => {
    let ready = compiled.get(template)
    if (!ready) {
      ready = compile(template)
      compiled.set(template, ready)
    }
    return ready.evaluate(scope)
  })
}
