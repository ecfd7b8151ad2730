import { matchesHost, parseHostField } from '../hostkeys/names.ts'
import type { ConfigNode } from './config-file.ts'
import type { SshEnvironment } from './environment.ts'
import type { ConfigQuery, SshOptions } from './options.ts'

/** Keywords of which every occurrence counts; of all others the first (ssh_config(5)). */
const REPEATED = new Set([
  'identityfile',
  'certificatefile',
  'sendenv',
  'localforward',
  'remoteforward',
  'dynamicforward',
])

/**
 * What the files say, where there is no ssh to ask. `Match exec` is never run and counts as not met, as do criteria
 * that depend on canonical names.
 */
export function readOptions(nodes: readonly ConfigNode[], query: ConfigQuery, environment: SshEnvironment): SshOptions {
  const options = new Map<string, string[]>()
  if (query.user !== undefined) set(options, 'user', query.user)
  if (query.port !== undefined) set(options, 'port', String(query.port))
  for (const [keyword, value] of query.options) set(options, keyword, value)
  collect(nodes, options, query, environment)
  return options
}

function collect(
  nodes: readonly ConfigNode[],
  options: Map<string, string[]>,
  query: ConfigQuery,
  environment: SshEnvironment,
): void {
  for (const node of nodes) {
    if (node.kind === 'option') set(options, node.keyword, node.value)
    else if (node.kind === 'include') collect(node.body, options, query, environment)
    else if (
      node.kind === 'host'
        ? matchesPatterns(node.patterns, query.alias)
        : matchesCriteria(node.criteria, options, query, environment)
    )
      collect(node.body, options, query, environment)
  }
}

function set(options: Map<string, string[]>, keyword: string, value: string): void {
  const values = options.get(keyword)
  if (!values) options.set(keyword, [value])
  else if (REPEATED.has(keyword) && !values.includes(value)) values.push(value)
}

/** Host patterns: one must fit, no negated one may. */
export function matchesPatterns(patterns: readonly string[], name: string): boolean {
  const field = parseHostField(patterns.join(','))
  return field !== undefined && matchesHost(field, name.toLowerCase())
}

function matchesCriteria(
  criteria: ReadonlyMap<string, string>,
  options: SshOptions,
  query: ConfigQuery,
  environment: SshEnvironment,
): boolean {
  for (const [criterion, value] of criteria) {
    const subject = subjectOf(criterion, options, query, environment)
    if (subject === true) continue
    if (subject === undefined || !matchesPatterns(value.split(/[\s,]+/), subject)) return false
  }
  return criteria.size > 0
}

function subjectOf(
  criterion: string,
  options: SshOptions,
  query: ConfigQuery,
  environment: SshEnvironment,
): string | true | undefined {
  switch (criterion) {
    case 'all':
      return true
    case 'host':
      return options.get('hostname')?.[0] ?? query.alias
    case 'originalhost':
      return query.alias
    case 'user':
      return options.get('user')?.[0] ?? environment.login
    case 'localuser':
      return environment.login
    default:
      return undefined
  }
}
