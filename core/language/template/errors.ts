import type { Position } from '../../events/types.ts'
import { errorAt } from '../diagnostic.ts'
import { TemplateError, UndefinedVariableError, UnknownValueError } from '../errors.ts'
import { PythonError, type PythonErrorType } from '../python/error.ts'

const codes: Readonly<Record<PythonErrorType, string>> = {
  TypeError: 'template-type',
  ValueError: 'template-value',
  KeyError: 'template-key',
  IndexError: 'template-index',
  AttributeError: 'template-attribute',
  ZeroDivisionError: 'template-zerodivision',
  OverflowError: 'template-overflow',
  FilterError: 'template-error',
}

/** Gives an error out of an operation its place in the user's file; errors that have one already stay as they are. */
export function locate(error: unknown, position: (undefinedName?: string) => Position): unknown {
  if (error instanceof PythonError) {
    return new TemplateError(errorAt(codes[error.type], lowerFirst(error.message), position()))
  }
  if (error instanceof UndefinedVariableError) {
    const [diagnostic] = error.diagnostics
    if (!diagnostic || diagnostic.at) return error
    return new UndefinedVariableError(error.variable, { ...diagnostic, at: position(error.variable) })
  }
  if (error instanceof TemplateError) {
    const [diagnostic] = error.diagnostics
    return !diagnostic || diagnostic.at ? error : new TemplateError({ ...diagnostic, at: position() })
  }
  if (error instanceof UnknownValueError) {
    return error.at ? error : new UnknownValueError(error.task, error.path, position())
  }
  if (error instanceof RangeError && /call stack/.test(error.message)) {
    return new TemplateError(errorAt('template-too-deep', 'the template is nested too deep', position()))
  }
  return error
}

/** Messages begin in lower case, unless with a name. */
function lowerFirst(text: string): string {
  return /^[A-Z][a-z]+ /.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text
}
