import { didYouMean, mapGet, Template, type YamlMapping, type YamlNode } from '../language/index.ts'
import type { Value } from '../language/values.ts'
import { type Context, emptyContext, lostNames } from './context.ts'
import { extend, flagValue } from './keywords.ts'
import { type Loader, nodeValue, report } from './loader.ts'
import { isIdentifier, playKeys } from './names.ts'
import { checkNotifications } from './notifications.ts'
import { roleUse } from './role-use.ts'
import type { Play, Step, VarsPrompt } from './types.ts'

const strategies = ['linear', 'free', 'host_pinned'] as const
const orders = ['inventory', 'reverse_inventory', 'sorted', 'reverse_sorted', 'shuffle']

/** One play; `outer` is what import_playbook gives to it. */
export async function playOf(
  loader: Loader,
  mapping: YamlMapping,
  folder: string,
  outer: Context,
): Promise<Play | undefined> {
  unknownKeys(loader, mapping, playKeys, 'a play')
  const hosts = mapGet(mapping, 'hosts')
  const value = (name: string): Value | undefined => {
    const entry = mapGet(mapping, name)
    return entry && nodeValue(loader, entry.value)
  }
  const flag = (name: string): Value | undefined => {
    const entry = mapGet(mapping, name)
    return entry && flagValue(loader, name, entry.value)
  }
  if (!hosts || nodeValue(loader, hosts.value) === null) {
    report(
      loader,
      'no-hosts',
      'the play does not say for which hosts it is',
      hosts?.key.at ?? mapping.at,
      'add a line `hosts: all`',
    )
  }
  const parts = emptyContext(folder).play
  const play = extend(loader, mapping, { ...outer, folder, play: parts, chain: [] })
  const user = value('user')
  const remoteUser = play.keywords.remoteUser === undefined && user !== undefined ? { remoteUser: user } : {}
  const context: Context = { ...play, keywords: { ...play.keywords, ...remoteUser }, vars: new Map() }
  const section = (name: string, handlers = false): Promise<Step[]> =>
    loader.steps(mapGet(mapping, name)?.value, context, handlers)
  const roleTasks: Step[] = []
  const preTasks = await section('pre_tasks')
  for (const item of list(loader, mapping, 'roles'))
    roleTasks.push(...((await roleUse(loader, item, context))?.steps ?? []))
  const tasks = await section('tasks')
  const postTasks = await section('post_tasks')
  const ownHandlers = await section('handlers', true)
  const name = value('name')
  const result: Play = {
    ...context.keywords,
    when: context.when,
    vars: play.vars,
    environment: context.environment,
    tags: context.tags,
    name:
      typeof name === 'string'
        ? name
        : name instanceof Template
          ? name.source
          : hostsName(hosts && nodeValue(loader, hosts.value)),
    hosts: hosts ? nodeValue(loader, hosts.value) : [],
    gatherFacts: flag('gather_facts'),
    gatherSubset: value('gather_subset'),
    varsFiles: asList(value('vars_files')),
    varsPrompt: prompts(loader, mapping),
    serial: value('serial'),
    strategy: choice(loader, mapping, 'strategy', strategies) ?? 'linear',
    order: choice(loader, mapping, 'order', orders) ?? 'inventory',
    maxFailPercentage: value('max_fail_percentage'),
    forceHandlers: flag('force_handlers'),
    lease: flag('lease'),
    roles: parts.roles,
    preTasks,
    roleTasks,
    tasks,
    postTasks,
    handlers: [...parts.handlers, ...ownHandlers],
    folder,
    at: mapping.at,
  }
  checkNotifications(loader, result, parts.lost.any)
  lostNames.set(result, parts.lost)
  return hosts ? result : undefined
}

export function unknownKeys(loader: Loader, mapping: YamlMapping, keys: ReadonlySet<string>, what: string): void {
  for (const { key } of mapping.entries) {
    if (keys.has(key.source)) continue
    const guess = didYouMean(key.source, keys)
    const isModule = loader.options.registry.names().has(key.source)
    const hint =
      guess !== undefined ? `did you mean ${guess}?` : isModule ? 'it is a module: write it below tasks:' : undefined
    report(loader, 'unknown-keyword', `${what} has no keyword '${key.source}'`, key.at, hint)
  }
}

function hostsName(hosts: Value | undefined): string {
  if (hosts instanceof Template) return hosts.source
  if (Array.isArray(hosts)) return hosts.map(hostsName).join(',')
  return typeof hosts === 'string' ? hosts : ''
}

function asList(value: Value | undefined): Value[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value]
}

function list(loader: Loader, mapping: YamlMapping, name: string): readonly YamlNode[] {
  const node = mapGet(mapping, name)?.value
  if (!node || (node.kind === 'scalar' && node.value === null)) return []
  if (node.kind === 'sequence') return node.items
  report(loader, 'bad-roles', `${name} must be a list`, node.at, 'begin each with a dash')
  return []
}

function choice<T extends string>(
  loader: Loader,
  mapping: YamlMapping,
  name: string,
  known: readonly T[],
): T | undefined {
  const node = mapGet(mapping, name)?.value
  if (!node) return undefined
  const text = node.kind === 'scalar' ? node.source.replace(/^ansible\.builtin\./, '') : ''
  const found = known.find((one) => one === text)
  if (found === undefined) {
    const guess = didYouMean(text, known)
    const hint = guess === undefined ? `known are ${known.join(', ')}` : `did you mean ${guess}?`
    report(loader, 'bad-value', `there is no ${name} '${text}'`, node.at, hint)
  }
  return found
}

function prompts(loader: Loader, mapping: YamlMapping): VarsPrompt[] {
  return list(loader, mapping, 'vars_prompt').flatMap((node) => {
    const name = node.kind === 'mapping' ? mapGet(node, 'name')?.value : undefined
    if (node.kind !== 'mapping' || name?.kind !== 'scalar' || !isIdentifier(name.source)) {
      report(
        loader,
        'bad-prompt',
        'vars_prompt needs the name of a variable',
        node.at,
        'write `- name: variable` and `prompt: question`',
      )
      return []
    }
    const value = (key: string): Value | undefined => {
      const entry = mapGet(node, key)
      return entry && nodeValue(loader, entry.value)
    }
    const prompt = value('prompt') ?? name.source
    const isPrivate = value('private') !== false
    return [
      {
        name: name.source,
        prompt,
        default: value('default'),
        private: isPrivate,
        confirm: value('confirm') === true,
        at: node.at,
      },
    ]
  })
}
