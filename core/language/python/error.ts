/** The exceptions of Python that an expression can raise. */
export type PythonErrorType =
  | 'TypeError'
  | 'ValueError'
  | 'KeyError'
  | 'IndexError'
  | 'AttributeError'
  | 'ZeroDivisionError'
  | 'OverflowError'
  | 'FilterError'

/**
 * What Python would raise, by its type and its text. It knows no position: who evaluates the expression turns it into a
 * diagnostic. FilterError is an error that a filter, test or lookup states itself.
 */
export class PythonError extends Error {
  readonly type: PythonErrorType
  constructor(type: PythonErrorType, message: string) {
    super(message)
    this.name = 'PythonError'
    this.type = type
  }
}

export function typeError(message: string): PythonError {
  return new PythonError('TypeError', message)
}

export function valueError(message: string): PythonError {
  return new PythonError('ValueError', message)
}
