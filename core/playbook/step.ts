import { mapGet, type YamlMapping } from '../language/index.ts'
import type { Value } from '../language/values.ts'
import type { Context } from './context.ts'
import { type Loader, nodeValue, report } from './loader.ts'
import { isIdentifier } from './names.ts'

/** What every kind of step has, from its mapping and its context. */
export function common(loader: Loader, mapping: YamlMapping, inner: Context) {
  const name = mapGet(mapping, 'name')
  return {
    ...inner.keywords,
    when: inner.when,
    vars: inner.vars,
    environment: inner.environment,
    tags: inner.tags,
    role: inner.role,
    id: `${inner.idPrefix}${mapping.at.file}:${mapping.at.line}:${mapping.at.column}`,
    name: name && nodeValue(loader, name.value),
    at: mapping.at,
  }
}

export function registerOf(loader: Loader, mapping: YamlMapping): string | undefined {
  const entry = mapGet(mapping, 'register')
  if (!entry) return undefined
  const { value } = entry
  if (value.kind === 'scalar' && typeof value.value === 'string' && isIdentifier(value.value)) return value.value
  const shown = value.kind === 'scalar' ? `'${value.source}'` : 'this'
  report(loader, 'variable-name', `${shown} is not a name for a variable`, value.at, 'letters, digits and underscores')
  return undefined
}

export function notifyOf(loader: Loader, mapping: YamlMapping): Value[] {
  const entry = mapGet(mapping, 'notify')
  if (!entry) return []
  const value = nodeValue(loader, entry.value)
  return Array.isArray(value) ? value : value === null ? [] : [value]
}
