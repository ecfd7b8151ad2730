import { truth, undefinedError } from './python/index.ts'
import { resolveTemplate } from './template/compiled.ts'
import { locate } from './template/errors.ts'
import { causes, withEvaluation } from './template/evaluation.ts'
import { ScopeVariables } from './template/scope-variables.ts'
import { settle } from './template/settle.ts'
import { waiting } from './template/waiting.ts'
import type { CompiledExpression, Scope } from './types.ts'
import { type LazyDict, type Template, Undefined, type Value } from './values.ts'

/** Replaces every Template inside, deeply; TemplateError when one cannot be evaluated, all of them undefined included. */
export function resolve(value: Value, scope: Scope): Value {
  return settle(value, (template) => defined(template, scope))
}

/** The same, waiting for lookups. */
export async function resolveAsync(value: Value, scope: Scope): Promise<Value> {
  return resolveSoon(value, scope)
}

/** The same for what is asked very often: a promise, and a rejection, only where there is a lookup to wait for. */
export function resolveSoon(value: Value, scope: Scope): Value | Promise<Value> {
  return waiting(scope, (answers) => withEvaluation(answers, () => resolve(value, scope)))
}

function defined(template: Template, scope: Scope): Value {
  const result = resolveTemplate(template, scope)
  if (result instanceof Undefined) throw causes.get(result) ?? undefinedError(result)
  return result
}

/** Python's truth; raises for Undefined and Unknown. */
export function isTruthy(value: Value): boolean {
  return truth(value)
}

/** A condition of a task, as `when` has it. */
export function evaluateCondition(condition: CompiledExpression, scope: Scope): boolean {
  return truthAt(condition, condition.evaluate(scope))
}

export async function evaluateConditionAsync(condition: CompiledExpression, scope: Scope): Promise<boolean> {
  return truthAt(condition, await condition.evaluateAsync(scope))
}

function truthAt(condition: CompiledExpression, value: Value): boolean {
  try {
    return truth(value)
  } catch (error) {
    throw locate(error, () => condition.at)
  }
}

/** The variables of a scope as a lazy dict, each resolved in that scope when it is read: an entry of `hostvars`. */
export function variablesOf(scope: Scope): LazyDict {
  return new ScopeVariables(scope, resolveTemplate)
}
