import { PythonError, pythonRegex, str, undefinedError } from '../python/index.ts'
import type { CallContext, LookupFunction } from '../types.ts'
import { Undefined, type Value } from '../values.ts'

function read(name: string, context: CallContext): Value | undefined {
  const value = context.scope.get(name)
  return value instanceof Undefined ? undefined : value
}

const vars: LookupFunction = (terms, kwargs, context) =>
  terms.map((term) => {
    if (typeof term !== 'string') throw new PythonError('FilterError', 'Invalid setting identifier: it must be text')
    const found = read(term, context)
    const value = found === undefined ? kwargs.get('default') : found
    if (value === undefined) throw undefinedError(new Undefined(term, `No variable found with this name: ${term}`))
    return value
  })

const varnames: LookupFunction = (terms, _, context) => {
  const names = [...context.scope.names()]
  return terms.flatMap((term) => {
    const regex = pythonRegex(str(term))
    return names.filter((n) => regex.test(n))
  })
}

/** Names of the controller's environment; empty text, or `default`, for one that is not set. */
const env: LookupFunction = (terms, kwargs) =>
  terms.map((term) => {
    const name = str(term).split(/\s+/)[0] ?? ''
    const value = process.env[name] ?? kwargs.get('default') ?? ''
    if (value instanceof Undefined)
      throw undefinedError(new Undefined(name, `The environment variable '${name}' is not set`))
    return value
  })

/** Lookups of variables by name. */
export const variableLookups: [string, LookupFunction][] = [
  ['vars', vars],
  ['varnames', varnames],
  ['env', env],
]
