import { dirname, resolve } from 'node:path'
import { valueOptions } from '../inventory/index.ts'
import { type Diagnostic, mapGet, sortDiagnostics, Template } from '../language/index.ts'
import type { Value } from '../language/values.ts'
import { type Context, emptyContext, includeOrigins } from './context.ts'
import { firstFile, importedTasks, roleRequest, shownPath } from './import.ts'
import { extend } from './keywords.ts'
import { type Loader, readYaml, report } from './loader.ts'
import { importPlaybookKeys } from './names.ts'
import { playOf, unknownKeys } from './play.ts'
import { buildRole } from './role.ts'
import { stepsOf } from './steps.ts'
import type { Include, LoadedInclude, LoadedPlaybook, Play, PlaybookOptions } from './types.ts'

function createLoader(options: PlaybookOptions): Loader {
  const diagnostics: Diagnostic[] = []
  const loader: Loader = {
    options,
    diagnostics,
    values: valueOptions(options),
    steps: (node, context, handlers) => stepsOf(loader, node, context, handlers),
    role: (request, context) => buildRole(loader, request, context),
  }
  return loader
}

/**
 * Reads a playbook with all it imports: files of tasks, roles and their dependencies, other playbooks. Never throws for bad input;
 * every mistake in every file is a diagnostic.
 */
export async function loadPlaybook(file: string, options: PlaybookOptions): Promise<LoadedPlaybook> {
  const loader = createLoader(options)
  const plays = await playsOf(loader, file, emptyContext(dirname(file)), [])
  const playbook = plays && { file, plays }
  return { playbook, diagnostics: sortDiagnostics(loader.diagnostics) }
}

async function playsOf(
  loader: Loader,
  file: string,
  outer: Context,
  chain: readonly string[],
): Promise<Play[] | undefined> {
  const root = await readYaml(loader, file)
  const start = { file, line: 1, column: 1 }
  if (!root) {
    if (loader.diagnostics.every((d) => d.severity !== 'error'))
      report(loader, 'empty-playbook', 'the playbook is empty', start)
    return undefined
  }
  if (root.kind !== 'sequence') {
    report(loader, 'bad-playbook', 'a playbook must be a list of plays', root.at, 'begin each play with `- hosts: …`')
    return undefined
  }
  const plays: Play[] = []
  for (const node of root.items) {
    if (node.kind !== 'mapping') {
      report(loader, 'bad-play', 'a play must be a mapping', node.at, 'begin it with `- hosts: …`')
      continue
    }
    const imported = mapGet(node, 'import_playbook') ?? mapGet(node, 'ansible.builtin.import_playbook')
    if (!imported) {
      const play = await playOf(loader, node, dirname(file), outer)
      if (play) plays.push(play)
      continue
    }
    unknownKeys(loader, node, new Set([...importPlaybookKeys, 'ansible.builtin.import_playbook']), 'import_playbook')
    const { value } = imported
    if (value.kind !== 'scalar' || value.value instanceof Template || typeof value.value !== 'string') {
      report(loader, 'import-template', 'import_playbook must name a file, without a template', value.at)
      continue
    }
    const path = shownPath(resolve(dirname(file), value.value))
    if ([...chain, shownPath(resolve(file))].includes(path)) {
      report(loader, 'import-cycle', `playbooks import one another: ${[...chain, file, path].join(' > ')}`, value.at)
      continue
    }
    if ((await firstFile([path])) === undefined) {
      report(loader, 'missing-file', `there is no playbook '${value.value}'`, value.at, `looked for ${path}`)
      continue
    }
    const inner = extend(loader, node, outer)
    const prefix = `${outer.idPrefix}${node.at.file}:${node.at.line}:${node.at.column}>`
    const below = await playsOf(loader, path, { ...inner, idPrefix: prefix }, [...chain, shownPath(resolve(file))])
    if (below) plays.push(...below)
  }
  return plays
}

/**
 * Reads what an include names, when it is its turn; target and options are rendered. The steps inherit from the blocks and the play
 * around the include, its `vars`, and what `apply` gives.
 */
export async function loadInclude(
  include: Include,
  target: string,
  options: PlaybookOptions,
  rendered: Readonly<Record<string, Value>> = {},
): Promise<LoadedInclude> {
  const loader = createLoader(options)
  const origin = includeOrigins.get(include)
  if (!origin) throw new Error('an include that no playbook was loaded with')
  const play = emptyContext(origin.context.folder).play
  let context: Context = { ...origin.context, play, chain: [], idPrefix: `${include.id}>` }
  if (origin.applyNode?.kind === 'mapping') context = extend(loader, origin.applyNode, context)
  if (include.what === 'tasks') {
    const steps = await importedTasks(loader, target, include.at, context, false)
    return { steps, handlers: play.handlers, diagnostics: sortDiagnostics(loader.diagnostics) }
  }
  const request = roleRequest(target, include.at, { ...include.options, ...rendered }, true)
  const built = await buildRole(loader, request, context)
  const diagnostics = sortDiagnostics(loader.diagnostics)
  return { steps: built?.steps ?? [], handlers: play.handlers, ...(built && { role: built.role }), diagnostics }
}
