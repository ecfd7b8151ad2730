import { bind, signature } from '../python/index.ts'
import type { CallContext, FilterFunction } from '../types.ts'
import type { Value } from '../values.ts'

export type Bound = readonly (Value | undefined)[]

/** What a filter does with its input and its arguments, in the order of its parameters. */
export type Run = (input: Value, args: Bound, context: CallContext, rest: readonly Value[]) => Value

/** Filters from `{ 'name parameter optional?': run }`; `*rest` takes further positional arguments. */
export function filterTable(filters: Readonly<Record<string, Run>>): [string, FilterFunction][] {
  return Object.entries(filters).map(([key, run]) => {
    const [name = '', ...parameters] = key.split(' ')
    const s = signature(name, parameters.join(' '))
    return [
      name,
      (input, args, kwargs, context) => {
        const bound = bind(s, args, kwargs)
        return run(input, bound.values, context, bound.rest)
      },
    ]
  })
}
