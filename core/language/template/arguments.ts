import { iterate, str, typeError } from '../python/index.ts'
import type { Value } from '../values.ts'
import type { Compiler } from './compiler.ts'
import type { Runtime } from './runtime.ts'
import type { Arguments } from './tree.ts'

export interface EvaluatedArguments {
  readonly positional: readonly Value[]
  readonly named: ReadonlyMap<string, Value>
}

const none: ReadonlyMap<string, Value> = new Map()

/** Arguments, evaluated from left to right and whole: functions look into what they are given. */
export function compileArguments(args: Arguments, { expression }: Compiler): (rt: Runtime) => EvaluatedArguments {
  const positional = args.positional.map(expression)
  const named = args.named.map(([name, value]) => [name, expression(value)] as const)
  const rest = args.rest && expression(args.rest)
  const keywords = args.keywords && expression(args.keywords)
  return (rt) => {
    const values = positional.map((value) => rt.settle(value(rt)))
    if (rest) values.push(...iterate(rt.settle(rest(rt))))
    if (named.length === 0 && !keywords) return { positional: values, named: none }
    const all = new Map<string, Value>()
    for (const [name, value] of named) all.set(name, rt.settle(value(rt)))
    if (keywords) {
      const more = rt.settle(keywords(rt))
      if (!(more instanceof Map)) throw typeError('the argument after ** must be a dict')
      for (const [key, value] of more) all.set(str(key), value)
    }
    return { positional: values, named: all }
  }
}
