import type { Value } from '../values.ts'
import { typeError } from './error.ts'

/** Parameters of a function: `'sep? maxsplit?'`; `?` marks an optional one, `*rest` takes what is left. */
export interface Signature {
  readonly name: string
  readonly required: number
  readonly parameters: readonly string[]
  readonly variadic: boolean
}

export function signature(name: string, parameters: string): Signature {
  const all = parameters.split(' ').filter((p) => p !== '')
  const named = all.filter((p) => !p.startsWith('*'))
  return {
    name,
    required: named.filter((p) => !p.endsWith('?')).length,
    parameters: named.map((p) => p.replace('?', '')),
    variadic: all.length > named.length,
  }
}

/** Arguments in the order of the parameters, undefined where none was given; Python's TypeErrors for too many or unknown ones. */
export function bind(
  s: Signature,
  args: readonly Value[],
  kwargs: ReadonlyMap<string, Value>,
): { values: (Value | undefined)[]; rest: readonly Value[] } {
  const count = s.parameters.length
  if (args.length > count && !s.variadic) {
    throw typeError(`${s.name}() takes at most ${count} argument${count === 1 ? '' : 's'} (${args.length} given)`)
  }
  const values: (Value | undefined)[] = s.parameters.map((_, i) => args[i])
  for (const [name, value] of kwargs) {
    const i = s.parameters.indexOf(name)
    if (i < 0) throw typeError(`${s.name}() got an unexpected keyword argument '${name}'`)
    if (i < args.length) throw typeError(`${s.name}() got multiple values for argument '${name}'`)
    values[i] = value
  }
  const missing = s.parameters.filter((_, i) => i < s.required && values[i] === undefined)
  if (missing.length > 0) {
    const names = missing.map((m) => `'${m}'`).join(' and ')
    throw typeError(`${s.name}() missing ${missing.length} required argument${missing.length > 1 ? 's' : ''}: ${names}`)
  }
  return { values, rest: args.slice(count) }
}
