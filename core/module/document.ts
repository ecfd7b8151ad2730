import { z } from 'zod'
import type { ModuleRegistry } from './registry.ts'
import type { AnyModule } from './types.ts'

/*
 * A module's page and the JSON Schema of its arguments, from its one description.
 */

interface ArgumentSchema {
  description?: string
  default?: unknown
  type?: unknown
  choices?: readonly string[]
  items?: ArgumentSchema
  [key: string]: unknown
}

/** Argument types in words, as `meta.type` of core/module/arg gives them. */
const ACCEPTS: Record<string, object> = {
  str: { type: ['string', 'number', 'boolean'] },
  path: { type: 'string' },
  bool: { type: ['boolean', 'string', 'number'] },
  int: { type: ['integer', 'string'] },
  float: { type: ['number', 'string'] },
  list: { type: ['array', 'string', 'number', 'object', 'boolean'] },
  dict: { type: ['object', 'string'] },
  mode: { type: ['string', 'integer'] },
  raw: {},
}

/** JSON Schema (2020-12) of what a playbook may write: a template may stand for any value. */
export function argumentSchema(module: AnyModule): object {
  return z.toJSONSchema(module.args, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      const kind = (jsonSchema as ArgumentSchema).type
      if (typeof kind === 'string' && kind in ACCEPTS) {
        delete jsonSchema.type
        Object.assign(jsonSchema, ACCEPTS[kind])
      }
    },
  })
}

/** Canonical names, sorted. */
export function moduleNames(registry: ModuleRegistry): string[] {
  return [...registry.names()].filter((name) => !name.includes('.')).sort()
}

interface Row {
  readonly name: string
  readonly type: string
  readonly required: boolean
  readonly fallback: string
  readonly text: string
}

function argumentRows(module: AnyModule): Row[] {
  const schema = z.toJSONSchema(module.args, { io: 'input', unrepresentable: 'any' }) as {
    properties?: Record<string, ArgumentSchema>
    required?: string[]
  }
  return Object.entries(schema.properties ?? {}).map(([name, one]) => ({
    name,
    type: typeName(one),
    required: schema.required?.includes(name) ?? false,
    fallback: one.default === undefined ? '' : JSON.stringify(one.default),
    text: one.description ?? '',
  }))
}

function typeName(schema: ArgumentSchema): string {
  if (schema.choices) return schema.choices.join(' | ')
  const inner = schema.items ? ` of ${typeName(schema.items)}` : ''
  return `${typeof schema.type === 'string' ? schema.type : 'value'}${inner}`
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** The module's page in Markdown. */
export function modulePage(module: AnyModule): string {
  const { name, summary, description, aliases = [], returns = {}, examples, freeForm } = module
  const kinds = { state: 'State', run: 'Run', fleet: 'Fleet', control: 'Control' } as const
  const lines = [`# ${name}`, '', summary, '', ...(description === undefined ? [] : [description, ''])]
  lines.push(`Kind: ${kinds[module.kind]} module.${aliases.length > 0 ? ` Other names: ${aliases.map((one) => `\`${one}\``).join(', ')}.` : ''}`, '')
  const rows = argumentRows(module)
  if (rows.length > 0) {
    lines.push('## Arguments', '', '| name | type | default | |', '| --- | --- | --- | --- |')
    for (const row of rows) {
      const fallback = row.required ? 'required' : row.fallback === '' ? '' : `\`${row.fallback}\``
      const text = freeForm?.argument === row.name ? `${row.text} (free form)` : row.text
      lines.push(`| \`${row.name}\` | ${cell(row.type)} | ${cell(fallback)} | ${cell(text)} |`)
    }
    lines.push('')
  }
  if (Object.keys(returns).length > 0) {
    lines.push('## Returns', '', '| name | |', '| --- | --- |', ...Object.entries(returns).map(([key, text]) => `| \`${key}\` | ${cell(text)} |`), '')
  }
  if (examples !== undefined) lines.push('## Examples', '', '```yaml', examples.trim(), '```', '')
  return `${lines.join('\n').trimEnd()}\n`
}
