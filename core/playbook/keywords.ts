import type { Position } from '../events/types.ts'
import { collect } from '../inventory/index.ts'
import {
  type Diagnostic,
  errorAt,
  mapGet,
  Template,
  toVariables,
  type YamlMapping,
  type YamlNode,
  yesOrNo,
} from '../language/index.ts'
import type { Value, Variables } from '../language/values.ts'
import { conditions } from './condition.ts'
import type { Context, SingleKeywords } from './context.ts'
import { InnerTemplate } from './inner-template.ts'
import { type Loader, nodeValue, report, warn } from './loader.ts'
import { flags, isIdentifier, sharedKeywords, shortName, taskKeywords } from './names.ts'

const ignored: Readonly<Record<string, string>> = {
  debugger: 'there is no task debugger',
  gather_timeout: 'facts are gathered with the time limit of the connection',
  fact_path: 'local facts are read from /etc/ansible/facts.d',
}

/** The context inside a play, block, role or task: what is around it, and its own keywords. */
export function extend(loader: Loader, mapping: YamlMapping, context: Context, own: { vars?: boolean } = {}): Context {
  const keywords: Record<string, unknown> = { ...context.keywords }
  for (const name of [...sharedKeywords, ...taskKeywords]) {
    const entry = mapGet(mapping, name)
    if (!entry) continue
    const value = flags.has(name) ? flagValue(loader, name, entry.value) : nodeValue(loader, entry.value)
    const outer = keywords[camel(name)] as Value | undefined
    const isBelow = value instanceof Template && outer !== undefined && outer !== null
    keywords[camel(name)] = isBelow ? new InnerTemplate(value, outer) : value
  }
  const collections = mapGet(mapping, 'collections')
  if (collections) keywords.collections = texts(loader, collections.value, 'collections')
  const environment = mapGet(mapping, 'environment')
  const when = mapGet(mapping, 'when')
  for (const [name, why] of Object.entries(ignored)) {
    const entry = mapGet(mapping, name)
    if (entry) warn(loader, 'keyword-without-effect', `${name} has no effect: ${why}`, entry.key.at)
  }
  return {
    ...context,
    keywords: keywords as SingleKeywords,
    when: when ? [...context.when, ...conditions(loader, when.value, 'when')] : context.when,
    vars: own.vars === false ? context.vars : new Map([...context.vars, ...variablesIn(loader, mapping)]),
    environment: environment
      ? [...context.environment, ...environments(loader, environment.value)]
      : context.environment,
    tags: tagsOf(loader, mapping, context.tags),
    moduleDefaults: moduleDefaults(loader, mapping, context.moduleDefaults),
  }
}

/** A keyword that is yes or no: a template, or said so that it can be read now. */
export function flagValue(loader: Loader, keyword: string, node: YamlNode): Value {
  const value = nodeValue(loader, node)
  if (value instanceof Template || value === null || yesOrNo(value) !== undefined) return value
  loader.diagnostics.push(
    notYesOrNo(
      keyword,
      node.kind === 'scalar' ? `'${node.source}'` : node.kind === 'sequence' ? 'a list' : 'a mapping',
      node.at,
    ),
  )
  return null
}

/** What is wrong with a keyword that says neither yes nor no. */
export function notYesOrNo(keyword: string, found: string, at: Position | undefined): Diagnostic {
  return errorAt('bad-value', `${keyword} must be yes or no, not ${found}`, at)
}

export function camel(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
}

/** `vars:` of a mapping; a list of mappings is one after the other. Names must be identifiers. */
export function variablesIn(loader: Loader, mapping: YamlMapping): Variables {
  const entry = mapGet(mapping, 'vars')
  const nodes = entry === undefined ? [] : entry.value.kind === 'sequence' ? entry.value.items : [entry.value]
  const result: Variables = new Map()
  for (const node of nodes) {
    checkNames(loader, node)
    const variables = collect(loader.diagnostics, () => toVariables(node, loader.values))
    for (const [name, value] of variables ?? []) result.set(name, value)
  }
  return result
}

/** Names of variables in a mapping must be readable in an expression. */
export function checkNames(loader: Loader, node: YamlNode | undefined): void {
  if (node?.kind !== 'mapping') return
  for (const { key } of node.entries) {
    if (typeof key.value === 'string' && !isIdentifier(key.value)) {
      const hint = 'letters, digits and underscores, not beginning with a digit, and no Python keyword'
      report(loader, 'variable-name', `'${key.value}' is not a name for a variable`, key.at, hint)
    }
  }
}

function environments(loader: Loader, node: YamlNode): Value[] {
  if (node.kind === 'sequence') return node.items.map((item) => nodeValue(loader, item))
  if (node.kind === 'scalar' && node.value === null) return []
  return [nodeValue(loader, node)]
}

/** Own and inherited, sorted. Text is split at commas. */
export function tagsOf(loader: Loader, mapping: YamlMapping, inherited: readonly string[]): readonly string[] {
  const entry = mapGet(mapping, 'tags')
  if (!entry) return inherited
  return [...new Set([...inherited, ...texts(loader, entry.value, 'tags').flatMap(splitList)])].sort()
}

export function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** A text or a list of texts, known before the run. */
export function texts(loader: Loader, node: YamlNode, keyword: string): string[] {
  const items = node.kind === 'sequence' ? node.items : [node]
  const result: string[] = []
  for (const item of items) {
    if (item.kind !== 'scalar') report(loader, 'bad-value', `${keyword} must be text or a list of texts`, item.at)
    else if (item.value instanceof Template) report(loader, 'bad-value', `${keyword} cannot hold a template`, item.at)
    else if (item.value !== null) result.push(typeof item.value === 'string' ? item.value : item.source)
  }
  return result
}

function moduleDefaults(
  loader: Loader,
  mapping: YamlMapping,
  outer: Context['moduleDefaults'],
): Context['moduleDefaults'] {
  const entry = mapGet(mapping, 'module_defaults')
  if (!entry) return outer
  const result = new Map(outer)
  const nodes = entry.value.kind === 'sequence' ? entry.value.items : [entry.value]
  for (const node of nodes) {
    if (node.kind !== 'mapping') {
      report(loader, 'bad-value', 'module_defaults must be a mapping of modules to arguments', node.at)
      continue
    }
    for (const { key, value } of node.entries) {
      if (key.source.startsWith('group/')) {
        report(
          loader,
          'module-defaults-group',
          `module_defaults cannot name a group: '${key.source}'`,
          key.at,
          'name the modules',
        )
        continue
      }
      const args = collect(loader.diagnostics, () => toVariables(value, loader.values)) ?? new Map()
      const name = shortName(key.source)
      result.set(name, new Map([...(result.get(name) ?? []), ...args]))
    }
  }
  return result
}
