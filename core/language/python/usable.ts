import { errorAt } from '../diagnostic.ts'
import { UndefinedVariableError, UnknownValueError } from '../errors.ts'
import { Template, Undefined, Unknown, type Value } from '../values.ts'

/** A value that may be looked into. */
export type Usable = Exclude<Value, Undefined | Unknown | Template>

/**
 * The gate before every use of a value: raises UndefinedVariableError for Undefined, UnknownValueError for Unknown. A
 * Template here is a bug of the caller, who resolves before he uses.
 */
export function usable(v: Value): Usable {
  if (v instanceof Undefined) throw undefinedError(v)
  if (v instanceof Unknown) throw new UnknownValueError(v.task, v.path)
  if (v instanceof Template) throw new Error(`a template reached an operation before it was resolved: ${v.source}`)
  return v
}

/** The error for a use of an undefined value; its message is the value's hint, or names the expression. */
export function undefinedError(v: Undefined): UndefinedVariableError {
  return new UndefinedVariableError(v.name, errorAt('undefined-variable', v.hint ?? `'${v.name}' is undefined`))
}
