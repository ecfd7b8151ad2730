import * as z from 'zod'

/** What stands about one argument in its schema. */
export interface ArgumentType {
  /** As `meta.type` of arg gives it: str, int, list … */
  readonly type: string
  readonly choices?: readonly string[]
  readonly items?: ArgumentType
  /** Other types that are accepted too. */
  readonly or?: readonly ArgumentType[]
  readonly fields?: Readonly<Record<string, Argument>>
}

export interface Argument extends ArgumentType {
  readonly required: boolean
  readonly fallback: unknown
  readonly description: string
}

interface Meta {
  readonly type?: string
  readonly choices?: readonly string[]
  readonly description?: string
}

type Schema = z.core.$ZodType

const metaOf = (schema: Schema): Meta => (z.globalRegistry.get(schema) ?? {}) as Meta

/** Arguments of a schema by name, through refinements and transforms; none where it is no object. */
export function argumentsOf(schema: Schema): Readonly<Record<string, Argument>> {
  const object = objectOf(schema)
  if (!object) return {}
  return Object.fromEntries(Object.entries(object.shape).map(([name, one]) => [name, argumentOf(one as Schema)]))
}

/** The object that a schema begins with. */
export function objectOf(schema: Schema): z.ZodObject | undefined {
  if (schema instanceof z.ZodObject) return schema
  if (schema instanceof z.ZodPipe) return objectOf(schema.def.in) ?? objectOf(schema.def.out)
  return undefined
}

function argumentOf(schema: Schema): Argument {
  let inner = schema
  let fallback: unknown
  let description = metaOf(schema).description
  // A description is said on whichever layer the author wrote it.
  for (let next = wrapped(inner); next; next = wrapped(inner)) {
    if (inner instanceof z.ZodDefault) fallback = inner.def.defaultValue
    inner = next
    description ??= metaOf(inner).description
  }
  return {
    ...typeOf(inner),
    required: !z.safeParse(schema, undefined).success,
    fallback,
    description: description ?? '',
  }
}

function wrapped(schema: Schema): Schema | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable) {
    return schema.def.innerType
  }
  return undefined
}

function typeOf(schema: Schema): ArgumentType {
  const { type, choices } = metaOf(schema)
  const bare = wrapped(schema)
  if (bare && type === undefined) return typeOf(bare)
  if (schema instanceof z.ZodPipe) {
    const inner = typeOf(schema.def.in instanceof z.ZodTransform ? schema.def.out : schema.def.in)
    return { ...inner, type: type ?? inner.type, ...(choices && { choices }) }
  }
  if (schema instanceof z.ZodUnion) return unionOf(schema.def.options.map((one) => typeOf(one)))
  if (schema instanceof z.ZodArray) return { type: type ?? 'list', items: typeOf(schema.def.element) }
  if (schema instanceof z.ZodEnum) return { type: type ?? 'str', choices: choices ?? schema.options.map(String) }
  if (schema instanceof z.ZodLiteral) return { type: type ?? 'str', choices: [...schema.def.values].map(String) }
  if (schema instanceof z.ZodObject) return { type: type ?? 'dict', fields: argumentsOf(schema) }
  if (type !== undefined) return { type, ...(choices && { choices }) }
  if (schema instanceof z.ZodRecord) return { type: 'dict' }
  if (schema instanceof z.ZodString) return { type: 'str' }
  if (schema instanceof z.ZodNumber) return { type: schema.isInt ? 'int' : 'float' }
  return schema instanceof z.ZodBoolean ? { type: 'bool' } : { type: 'raw' }
}

function unionOf(all: readonly ArgumentType[]): ArgumentType {
  const [first = { type: 'raw' }, ...others] = all
  return others.length === 0 ? first : { ...first, or: others }
}
