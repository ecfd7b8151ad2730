import { type JsonSchema, valueSchema } from './argument-schema.ts'
import type { AnyModule } from './types.ts'

/** JSON Schema (2020-12) of every module's arguments: `$defs/NAME` is what may stand under the module's key in a task. */
export function modulesSchema(modules: readonly AnyModule[]): JsonSchema {
  const defs = Object.fromEntries(modules.map((one) => [one.name, { description: one.summary, ...valueSchema(one) }]))
  const names = modules.flatMap((one) =>
    [one.name, ...(one.aliases ?? []), `ansible.builtin.${one.name}`].map((name) => [name, one.name]),
  )
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Modules of virtfleet in a task',
    type: 'object',
    properties: Object.fromEntries(names.map(([name, meant]) => [name, { $ref: `#/$defs/${meant}` }])),
    $defs: defs,
  }
}
