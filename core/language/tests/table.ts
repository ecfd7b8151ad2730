import { bind, signature } from '../python/index.ts'
import type { CallContext, TestFunction } from '../types.ts'
import type { Value } from '../values.ts'

export type Bound = readonly (Value | undefined)[]

/** Tests from `{ 'name parameter optional?': run }`. */
export function testTable(
  tests: Readonly<Record<string, (input: Value, args: Bound, context: CallContext) => boolean>>,
): [string, TestFunction][] {
  return Object.entries(tests).map(([key, run]) => {
    const [name = '', ...parameters] = key.split(' ')
    const s = signature(name, parameters.join(' '))
    return [name, (input, args, kwargs, context) => run(input, bind(s, args, kwargs).values, context)]
  })
}

/** Second names of the same test. */
export function aliases(
  tests: readonly [string, TestFunction][],
  names: Readonly<Record<string, string>>,
): [string, TestFunction][] {
  const byName = new Map(tests)
  return Object.entries(names).flatMap(([alias, name]): [string, TestFunction][] => {
    const test = byName.get(name)
    return test ? [[alias, test]] : []
  })
}
