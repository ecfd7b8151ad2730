import * as z from 'zod'
import { $constructor } from 'zod/v4/core'

/*
 * The schema of a module's arguments: zod's strict object that first gives every argument its own name, and takes null
 * for "not given", as Ansible does.
 */

export type Aliases = Readonly<Record<string, string>>

interface Definition extends z.core.$ZodObjectDef {
  aliases?: Aliases
}

const ArgumentsObject = $constructor('VirtfleetArguments', (inst: z.ZodObject, def: Definition) => {
  const init: typeof z.ZodObject.init = z.ZodObject.init
  init(inst, def)
  const parse = inst._zod.parse
  inst._zod.parse = (payload, context) => {
    payload.value = normalised(payload.value, def.aliases ?? {})
    return parse(payload, context)
  }
})

/** See `arg.object`. */
export function argumentsObject<S extends z.ZodRawShape>(
  shape: S,
  options: { readonly aliases?: Aliases } = {},
): z.ZodObject<S, z.core.$strict> {
  const definition: Definition = {
    type: 'object',
    shape,
    catchall: z.never(),
    ...(options.aliases && { aliases: options.aliases }),
  }
  return new ArgumentsObject(definition) as z.ZodObject<S, z.core.$strict>
}

/** Other names of arguments, and what each means. */
export function aliasesOf(schema: z.ZodType): Aliases {
  return schema instanceof z.ZodObject ? ((schema.def as Definition).aliases ?? {}) : {}
}

/** An argument given under two names keeps its own one's value; given under two others, it is an unknown key. */
function normalised(value: unknown, aliases: Aliases): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  const given = value as Record<string, unknown>
  const keys = Object.keys(given)
  const result: Record<string, unknown> = {}
  for (const key of keys) if (given[key] !== null && !Object.hasOwn(aliases, key)) result[key] = given[key]
  for (const key of keys) {
    const one = given[key]
    if (one === null || !Object.hasOwn(aliases, key)) continue
    const name = aliases[key]!
    if (!Object.hasOwn(result, name)) result[name] = one
    else if (Object.hasOwn(given, name)) continue
    else result[key] = one
  }
  return result
}
