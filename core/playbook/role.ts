import { readdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { readVariables } from '../inventory/index.ts'
import { didYouMean, mapGet, type YamlNode } from '../language/index.ts'
import { Template, type Value, type Variables } from '../language/values.ts'
import type { Context } from './context.ts'
import { firstFile, shownPath } from './import.ts'
import { type BuiltRole, type Loader, type RoleRequest, readYaml, report, warn } from './loader.ts'
import { roleUse } from './role-use.ts'
import type { Role, Step } from './types.ts'

const endings = ['.yml', '.yaml', '.json', '']

/** A role with its dependencies before it. Its handlers and its use go to the play. */
export async function buildRole(
  loader: Loader,
  request: RoleRequest,
  context: Context,
): Promise<BuiltRole | undefined> {
  const folder = await findRole(loader, request, context)
  if (folder === undefined) {
    context.play.lost.any = true
    return undefined
  }
  const chain = ancestry(context.role)
  if (chain.some((role) => role.folder === folder) && isDependency(request, context)) {
    const circle = [...chain.map((role) => role.name).reverse(), request.name].join(' > ')
    report(loader, 'role-cycle', `roles depend on one another: ${circle}`, request.at)
    return undefined
  }
  const role: Role = {
    name: request.name,
    folder,
    defaults: await variables(loader, folder, 'defaults', request.defaultsFrom, request),
    vars: await variables(loader, folder, 'vars', request.varsFrom, request),
    params: new Map(request.params),
    at: request.at,
    ...(context.role && { parent: context.role }),
  }
  const inner: Context = { ...context, role }
  const meta = await readPart(loader, folder, 'meta', undefined, request)
  const allowed = request.allowDuplicates ?? allowsDuplicates(meta)
  const key = JSON.stringify([
    folder,
    request.tasksFrom,
    [...request.params].map(([name, value]) => [name, written(value)]),
    context.when.map((c) => c.at),
  ])
  if (!allowed && context.play.seenRoles.has(key)) return { role, steps: [] }
  context.play.seenRoles.add(key)
  const steps: Step[] = []
  for (const item of dependencies(loader, meta)) steps.push(...((await roleUse(loader, item, inner))?.steps ?? []))
  context.play.roles.push(role)
  const handlers = await readPart(loader, folder, 'handlers', request.handlersFrom, request)
  context.play.handlers.push(...(await loader.steps(handlers, inner, true)))
  const tasks = await readPart(loader, folder, 'tasks', request.tasksFrom, request)
  steps.push(...(await loader.steps(tasks, inner)))
  return { role, steps }
}

/** As it is written, wherever that is: to tell uses of a role apart. */
function written(value: Value): unknown {
  if (value instanceof Template) return { template: value.source }
  if (value instanceof Map) return { dict: [...value].map(([key, item]) => [String(key), written(item)]) }
  if (Array.isArray(value)) return { list: value.map(written) }
  return [typeof value, String(value)]
}

function isDependency(request: RoleRequest, context: Context): boolean {
  return context.role !== undefined && request.at.file.startsWith(join(context.role.folder, 'meta'))
}

function ancestry(role: Role | undefined): Role[] {
  return role ? [role, ...ancestry(role.parent)] : []
}

async function findRole(loader: Loader, request: RoleRequest, context: Context): Promise<string | undefined> {
  const { name, at } = request
  const roots = [
    join(context.folder, 'roles'),
    ...(loader.options.rolesPath ?? []),
    ...(context.role ? [dirname(context.role.folder)] : []),
    context.folder,
  ]
  for (const root of new Set(roots)) {
    const folder = resolve(root, name)
    const found = await stat(folder).catch(() => undefined)
    if (found?.isDirectory()) return shownPath(folder)
  }
  const known = (await Promise.all(roots.slice(0, -1).map((root) => readdir(root).catch(() => [])))).flat()
  const guess = didYouMean(name, known)
  const isCollection = /^\w+\.\w+\.\w+$/.test(name)
  const hint = guess
    ? `did you mean ${guess}?`
    : isCollection
      ? 'roles of collections are not read'
      : `looked in ${roots.map(shownPath).join(', ')}`
  report(loader, 'unknown-role', `there is no role '${name}'`, at, hint)
  return undefined
}

/** `main` or the named file of a part of the role; a missing `main` is empty. */
async function partFile(
  loader: Loader,
  folder: string,
  part: string,
  from: string | undefined,
  request: RoleRequest,
): Promise<string | undefined> {
  const base = join(folder, part, from ?? 'main')
  const file = await firstFile(endings.map((ending) => resolve(base + ending)))
  if (file === undefined && from !== undefined) {
    report(loader, 'missing-file', `role '${request.name}' has no ${part}/${from}`, request.at)
  }
  return file && shownPath(file)
}

async function readPart(
  loader: Loader,
  folder: string,
  part: string,
  from: string | undefined,
  request: RoleRequest,
): Promise<YamlNode | undefined> {
  const file = await partFile(loader, folder, part, from, request)
  return file === undefined ? undefined : readYaml(loader, file)
}

async function variables(
  loader: Loader,
  folder: string,
  part: string,
  from: string | undefined,
  request: RoleRequest,
): Promise<Variables> {
  const main = resolve(folder, part, 'main')
  const isFolder = from === undefined && (await stat(main).catch(() => undefined))?.isDirectory()
  const single = isFolder ? undefined : await partFile(loader, folder, part, from, request)
  const files = isFolder
    ? (await readdir(main)).sort().map((name) => shownPath(join(main, name)))
    : single
      ? [single]
      : []
  const result: Variables = new Map()
  for (const file of files) {
    const read = await readVariables(file, loader.options)
    loader.diagnostics.push(...read.diagnostics)
    for (const [name, value] of read.variables) result.set(name, value)
  }
  return result
}

function allowsDuplicates(meta: YamlNode | undefined): boolean {
  const entry = meta?.kind === 'mapping' ? mapGet(meta, 'allow_duplicates') : undefined
  return entry?.value.kind === 'scalar' && entry.value.value === true
}

function dependencies(loader: Loader, meta: YamlNode | undefined): readonly YamlNode[] {
  if (meta?.kind !== 'mapping') return []
  const specs = mapGet(meta, 'argument_specs')
  if (specs) warn(loader, 'keyword-without-effect', 'argument_specs are not checked', specs.key.at)
  const entry = mapGet(meta, 'dependencies')
  if (!entry || (entry.value.kind === 'scalar' && entry.value.value === null)) return []
  if (entry.value.kind === 'sequence') return entry.value.items
  report(loader, 'bad-roles', 'dependencies must be a list of roles', entry.value.at)
  return []
}
