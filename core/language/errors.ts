import type { Position } from '../events/types.ts'
import { type Diagnostic, DiagnosticError } from './diagnostic.ts'

/** A template that could not be evaluated: undefined variable, wrong type, failing filter. Carries one diagnostic. */
export class TemplateError extends DiagnosticError {
  constructor(diagnostic: Diagnostic) {
    super([diagnostic])
    this.name = 'TemplateError'
  }
}

/** A use of a variable that is not defined. `variable` is the expression as written. */
export class UndefinedVariableError extends TemplateError {
  readonly variable: string
  constructor(variable: string, diagnostic: Diagnostic) {
    super(diagnostic)
    this.name = 'UndefinedVariableError'
    this.variable = variable
  }
}

/** Check mode: an expression read a value that only an unapplied change could tell. */
export class UnknownValueError extends Error {
  /** Task whose change was not applied. */
  readonly task: string
  readonly path: string
  readonly at: Position | undefined
  constructor(task: string, path: string, at?: Position) {
    super(`'${path}' is not known before task '${task}' has been applied`)
    this.name = 'UnknownValueError'
    this.task = task
    this.path = path
    this.at = at
  }
}
