import { readdir } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { Diagnostic } from '../language/index.ts'
import { readVariables } from './document.ts'
import type { VariableLayer, VaultAccess } from './types.ts'

const extensions = ['', '.yml', '.yaml', '.json']

/** Layers of a folder group_vars or host_vars, by the name of the group or host. */
export interface VarsFolder {
  readonly layers: ReadonlyMap<string, readonly VariableLayer[]>
  readonly diagnostics: ReadonlyMap<string, readonly Diagnostic[]>
}

/**
 * Reads `group_vars` or `host_vars`: per name the first of NAME, NAME.yml, NAME.yaml, NAME.json; a folder NAME gives all its files,
 * deeply, in alphabetical order. A folder that is not there is empty.
 */
export async function readVarsFolder(folder: string, access: VaultAccess): Promise<VarsFolder> {
  const files = new Map<string, string[]>()
  for (const [name, path, isFolder] of await firstOfEach(folder)) {
    files.set(name, isFolder ? await filesBelow(path) : [path])
  }
  const layers = new Map<string, VariableLayer[]>()
  const diagnostics = new Map<string, Diagnostic[]>()
  await Promise.all(
    [...files].map(async ([name, paths]) => {
      const read = await Promise.all(paths.map((path) => readVariables(path, access)))
      const filled = read.map(({ variables }, i) => ({ origin: paths[i]!, variables }))
      layers.set(
        name,
        filled.filter((layer) => layer.variables.size > 0),
      )
      const mistakes = read.flatMap((one) => one.diagnostics)
      if (mistakes.length > 0) diagnostics.set(name, mistakes)
    }),
  )
  return { layers, diagnostics }
}

type Found = [name: string, path: string, isFolder: boolean]

async function firstOfEach(folder: string): Promise<Found[]> {
  const found = new Map<string, { rank: number; entry: Found }>()
  for (const entry of await entriesOf(folder)) {
    if (entry.name.startsWith('.') || entry.name.endsWith('~')) continue
    // A host name has dots: `kvm1.example.org` has no known ending and is taken whole.
    const known = extensions.indexOf(extname(entry.name))
    const rank = Math.max(0, known)
    const name = rank > 0 ? entry.name.slice(0, -extensions[rank]!.length) : entry.name
    const last = found.get(name)
    if (!last || rank < last.rank) found.set(name, { rank, entry: [name, join(folder, entry.name), entry.isFolder] })
  }
  return [...found.values()].map(({ entry }) => entry)
}

async function filesBelow(folder: string): Promise<string[]> {
  const files: string[] = []
  for (const entry of await entriesOf(folder)) {
    if (entry.name.startsWith('.') || entry.name.endsWith('~')) continue
    const extension = extname(entry.name)
    const path = join(folder, entry.name)
    if (entry.isFolder) {
      if (extension === '') files.push(...(await filesBelow(path)))
    } else if (extensions.includes(extension)) files.push(path)
  }
  return files
}

async function entriesOf(folder: string): Promise<{ name: string; isFolder: boolean }[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    const result: { name: string; isFolder: boolean }[] = []
    for (const entry of entries) {
      const isFolder = entry.isSymbolicLink() ? await leadsToFolder(join(folder, entry.name)) : entry.isDirectory()
      result.push({ name: entry.name, isFolder })
    }
    return result.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw error
  }
}

async function leadsToFolder(path: string): Promise<boolean> {
  try {
    await readdir(path)
    return true
  } catch {
    return false
  }
}
