import { type Argument, type ArgumentType, argumentsOf } from './argument-type.ts'
import { aliasesOf } from './arguments-object.ts'
import type { ModuleRegistry } from './registry.ts'
import type { AnyModule } from './types.ts'

export { argumentSchema } from './argument-schema.ts'

/*
 * A module's page, from its one description.
 */

/** Canonical names, sorted. */
export function moduleNames(registry: ModuleRegistry): string[] {
  return [...registry.names()].filter((name) => !name.includes('.')).sort()
}

/** `list of str`, `mode | preserve`. */
function typeName({ type, choices, items, or = [] }: ArgumentType): string {
  const inner = items ? ` of ${typeName(items)}` : ''
  const own = choices ? choices.map((one) => JSON.stringify(one).slice(1, -1)).join(' | ') : `${type}${inner}`
  return [own, ...or.map(typeName)].join(' | ')
}

/** Arguments one below the other; those of a dict or of a list of dicts stand under their parent with a dot. */
function argumentRows(shape: Readonly<Record<string, Argument>>, prefix = ''): { name: string; argument: Argument }[] {
  return Object.entries(shape).flatMap(([key, argument]) => {
    const name = prefix + key
    const below = argument.fields ?? argument.items?.fields
    return [{ name, argument }, ...(below ? argumentRows(below, `${name}.`) : [])]
  })
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** The module's page in Markdown. */
export function modulePage(module: AnyModule): string {
  const { name, summary, description, aliases = [], returns = {}, examples, freeForm } = module
  const kinds = { state: 'State', run: 'Run', fleet: 'Fleet', control: 'Control' } as const
  const lines = [`# ${name}`, '', summary, '', ...(description === undefined ? [] : [description, ''])]
  lines.push(
    `Kind: ${kinds[module.kind]} module.${aliases.length > 0 ? ` Other names: ${aliases.map((one) => `\`${one}\``).join(', ')}.` : ''}`,
    '',
  )
  const rows = argumentRows(argumentsOf(module.args))
  if (rows.length > 0) {
    const others = Object.entries(aliasesOf(module.args))
    lines.push('## Arguments', '', '| name | type | default | |', '| --- | --- | --- | --- |')
    for (const { name, argument } of rows) {
      const { required, fallback } = argument
      const shown = required ? 'required' : fallback === undefined ? '' : `\`${JSON.stringify(fallback)}\``
      const also = others.filter(([, meant]) => meant === name).map(([other]) => `\`${other}\``)
      const notes = [
        argument.description,
        freeForm?.argument === name ? '(free form)' : '',
        also.length > 0 ? `(also ${also.join(', ')})` : '',
      ]
      const text = notes.filter((one) => one !== '').join(' ')
      lines.push(`| \`${name}\` | ${cell(typeName(argument))} | ${cell(shown)} | ${cell(text)} |`)
    }
    lines.push('')
  }
  if (Object.keys(returns).length > 0) {
    lines.push(
      '## Returns',
      '',
      '| name | |',
      '| --- | --- |',
      ...Object.entries(returns).map(([key, text]) => `| \`${key}\` | ${cell(text)} |`),
      '',
    )
  }
  if (examples !== undefined) lines.push('## Examples', '', '```yaml', examples.trim(), '```', '')
  return `${lines.join('\n').trimEnd()}\n`
}

/** The list of all modules in Markdown, each with a link to its page. */
export function moduleIndex(modules: readonly AnyModule[]): string {
  const rows = modules.map((one) => `| [${one.name}](${one.name}.md) | ${cell(one.summary)} |`)
  return ['# Modules', '', '| name | |', '| --- | --- |', ...rows, ''].join('\n')
}
