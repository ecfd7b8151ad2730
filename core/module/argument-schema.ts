import type { Json } from '../events/json.ts'
import { type Argument, type ArgumentType, argumentsOf, objectOf } from './argument-type.ts'
import { aliasesOf } from './arguments-object.ts'
import type { AnyModule } from './types.ts'

/** A JSON Schema, as far as we write one. */
export interface JsonSchema {
  readonly [key: string]: unknown
}

/** Text with a template in it: may stand wherever the value is only known when the task runs. */
const TEMPLATE: JsonSchema = { type: 'string', pattern: '\\{[{%]' }

const ACCEPTED: Readonly<Record<string, JsonSchema>> = {
  str: { type: ['string', 'number', 'boolean'] },
  path: { type: 'string', pattern: '^/' },
  bool: {
    anyOf: [
      { type: 'boolean' },
      { enum: [0, 1] },
      {
        type: 'string',
        pattern:
          '^\\s*([Yy]([Ee][Ss])?|[Nn][Oo]?|[Oo][Nn]|[Oo][Ff][Ff]|[Tt]([Rr][Uu][Ee])?|[Ff]([Aa][Ll][Ss][Ee])?|[01])\\s*$',
      },
    ],
  },
  int: { anyOf: [{ type: 'integer' }, { type: 'string', pattern: '^\\s*[+-]?\\d+\\s*$' }] },
  float: { type: ['number', 'string'] },
  dict: { type: 'object' },
  mode: { anyOf: [{ type: 'string' }, { type: 'integer', minimum: 0 }] },
  raw: {},
}

/** JSON Schema (2020-12) of what a playbook may write as a module's arguments. */
export function argumentSchema(module: AnyModule): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: module.name,
    description: module.summary,
    ...valueSchema(module),
  }
}

/** The same, for the value of the module's key in a task: free form and templates of the whole included. */
export function valueSchema(module: AnyModule): JsonSchema {
  const object = objectSchema(argumentsOf(module.args), aliasesOf(module.args), isOpen(module))
  return { anyOf: [object, { type: ['string', 'null'] }] }
}

const isOpen = (module: AnyModule): boolean => objectOf(module.args)?.def.catchall?._zod.def.type !== 'never'

function objectSchema(
  shape: Readonly<Record<string, Argument>>,
  aliases: Readonly<Record<string, string>>,
  open: boolean,
): JsonSchema {
  const properties: Record<string, JsonSchema> = {}
  for (const [name, one] of Object.entries(shape)) properties[name] = propertySchema(one)
  for (const [other, name] of Object.entries(aliases)) {
    if (shape[name]) properties[other] = { ...propertySchema(shape[name]), description: `another name of ${name}` }
  }
  const named = (name: string): string[] => [name, ...Object.keys(aliases).filter((other) => aliases[other] === name)]
  const required = Object.keys(shape).filter((name) => shape[name]!.required)
  const plain = required.filter((name) => named(name).length === 1)
  const either = required.filter((name) => named(name).length > 1)
  return {
    type: 'object',
    properties,
    ...(plain.length > 0 && { required: plain }),
    ...(either.length > 0 && {
      allOf: either.map((name) => ({ anyOf: named(name).map((one) => ({ required: [one] })) })),
    }),
    ...(!open && { additionalProperties: false }),
  }
}

function propertySchema(argument: Argument): JsonSchema {
  return {
    ...(argument.description !== '' && { description: argument.description }),
    ...(argument.fallback !== undefined && { default: argument.fallback as Json }),
    ...orTemplate(argument),
  }
}

function orTemplate(type: ArgumentType): JsonSchema {
  const accepted = [type, ...(type.or ?? [])].map(typeSchema)
  if (accepted.some((one) => Object.keys(one).length === 0)) return {}
  return { anyOf: [...accepted.flatMap(alternatives), TEMPLATE, { type: 'null' }] }
}

/** One level is enough: an anyOf of an anyOf says nothing more. */
const alternatives = (schema: JsonSchema): readonly JsonSchema[] =>
  Array.isArray(schema.anyOf) && Object.keys(schema).length === 1 ? (schema.anyOf as JsonSchema[]) : [schema]

function typeSchema({ type, choices, items, fields }: ArgumentType): JsonSchema {
  if (choices) return choiceSchema(choices)
  if (type === 'list') {
    return {
      anyOf: [
        { type: 'array', items: items ? orTemplate(items) : {} },
        ...(items ? [typeSchema(items)] : []),
        { type: 'string' },
      ],
    }
  }
  if (fields && Object.keys(fields).length > 0) return objectSchema(fields, {}, false)
  return ACCEPTED[type] ?? {}
}

/** YAML reads on and off, yes and no as booleans. */
function choiceSchema(choices: readonly string[]): JsonSchema {
  const words = choices.some((one) => /^(yes|no|on|off|true|false)$/i.test(one))
  return { enum: words ? [...choices, true, false] : choices }
}
