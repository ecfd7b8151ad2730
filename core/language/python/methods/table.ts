import type { Value } from '../../values.ts'
import { bind, type Signature, signature } from '../signature.ts'

export type Arguments = readonly (Value | undefined)[]

/** A method: its parameters, and what it does with the object and the bound arguments. */
export interface Method<T> {
  readonly signature: Signature
  readonly run: (self: T, args: Arguments, rest: readonly Value[]) => Value
}

export type MethodTable<T> = ReadonlyMap<string, Method<T>>

/** A table of methods from `{ 'name parameter optional?': run }`. */
export function methodTable<T>(methods: Readonly<Record<string, Method<T>['run']>>): MethodTable<T> {
  return new Map(
    Object.entries(methods).map(([key, run]) => {
      const [name = '', ...parameters] = key.split(' ')
      return [name, { signature: signature(name, parameters.join(' ')), run }]
    }),
  )
}

export function callMethod<T>(
  method: Method<T>,
  self: T,
  args: readonly Value[],
  kwargs: ReadonlyMap<string, Value>,
): Value {
  const { values, rest } = bind(method.signature, args, kwargs)
  return method.run(self, values, rest)
}
