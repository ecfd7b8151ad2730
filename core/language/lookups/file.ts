import { join } from 'node:path'
import { globSync } from '../filters/glob.ts'
import { expandUser } from '../filters/path.ts'
import { PythonError, str } from '../python/index.ts'
import { templateFile } from '../template/template.ts'
import type { LookupFunction, Scope } from '../types.ts'
import type { Value } from '../values.ts'
import { findFile, readText, requireFile } from './find.ts'
import { runCommand } from './process.ts'
import { isOn, listOf } from './table.ts'

function each(terms: readonly Value[], read: (term: string) => Promise<string>): Promise<string[]> {
  return Promise.all(terms.map(str).map(read))
}

const file: LookupFunction = (terms, kwargs, context) =>
  each(terms, async (term) => {
    const text = await readText(requireFile(term, 'files', context), context)
    const right = isOn(kwargs, 'rstrip', true) ? text.trimEnd() : text
    return isOn(kwargs, 'lstrip', false) ? right.trimStart() : right
  })

const unvault: LookupFunction = (terms, _, context) =>
  each(terms, (term) => readText(requireFile(term, 'files', context), context))

const pipe: LookupFunction = (terms, _, context) =>
  each(terms, async (term) => (await runCommand(term, context)).trimEnd())

const lines: LookupFunction = async (terms, _, context) => {
  const outputs = await each(terms, (term) => runCommand(term, context))
  return outputs.flatMap((out) =>
    out
      .replace(/\n$/, '')
      .split('\n')
      .map((l) => l.trimEnd()),
  )
}

/** `template_vars` lie over the names of the place where it is called. */
function withNames(scope: Scope, extra: Value | undefined): Scope {
  if (!(extra instanceof Map)) return scope
  return {
    get: (name) => (extra.has(name) ? extra.get(name) : scope.get(name)),
    names: () => new Set([...scope.names(), ...[...extra.keys()].map(str)]),
    environment: scope.environment,
  }
}

const template: LookupFunction = (terms, kwargs, context) =>
  each(terms, async (term) => {
    const path = requireFile(term, 'templates', context)
    const compiled = templateFile(await readText(path, context), path)
    return str(await compiled.evaluateAsync(withNames(context.scope, kwargs.get('template_vars'))))
  })

/** A pattern in the last part of the path; a relative one in `files` of each folder and in the folder. */
const fileglob: LookupFunction = (terms, _, context) =>
  terms.map(str).flatMap((term) => {
    const path = expandUser(term)
    if (path.startsWith('/')) return globSync(path)
    const { folders } = context.scope.environment
    const places = folders.flatMap((f) => [join(f, 'files', path), join(f, path)])
    return places.map(globSync).find((found) => found.length > 0) ?? []
  })

const firstFound: LookupFunction = (terms, kwargs, context) => {
  const wanted = terms.flatMap(listOf).flatMap((term) => names(term))
  const all = [...names(new Map([...kwargs].filter(([k]) => k === 'files' || k === 'paths'))), ...wanted]
  for (const name of all) {
    for (const folder of ['files', 'templates', 'vars'] as const) {
      const found = findFile(name, folder, context)
      if (found !== undefined) return [found]
    }
  }
  const skip =
    isOn(kwargs, 'skip', false) || terms.flatMap(listOf).some((t) => t instanceof Map && t.get('skip') === true)
  if (skip) return []
  throw new PythonError('FilterError', `no file was found of: ${all.join(', ')}`)
}

function names(term: Value): string[] {
  if (!(term instanceof Map)) return [str(term)]
  const parts = (value: Value | undefined): string[] =>
    value === undefined ? [] : listOf(typeof value === 'string' ? value.split(/[,;:]/) : value).map(str)
  const [files, paths] = [parts(term.get('files')), parts(term.get('paths'))]
  if (paths.length === 0) return files
  return paths.flatMap((p) => (files.length === 0 ? [p] : files.map((f) => join(p, f))))
}

/** Lookups that read files of the controller or run its commands. */
export const fileLookups: [string, LookupFunction][] = [
  ['file', file],
  ['unvault', unvault],
  ['pipe', pipe],
  ['lines', lines],
  ['template', template],
  ['fileglob', fileglob],
  ['first_found', firstFound],
]
