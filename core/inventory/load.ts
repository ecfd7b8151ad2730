import { stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type Diagnostic, didYouMean, sortDiagnostics } from '../language/index.ts'
import { InventoryData } from './data.ts'
import { LoadedHosts, type VarsFolders } from './inventory.ts'
import { isHostList, readSource } from './source.ts'
import type { InventoryOptions, LoadedInventory } from './types.ts'
import { readVarsFolder, type VarsFolder } from './vars-files.ts'

/**
 * Reads sources in order (files in INI, YAML or JSON, executables, folders of them, `host1,host2,`), then group_vars and host_vars
 * beside them and beside the playbooks. Never throws for bad input: all mistakes stand in the diagnostics.
 */
export async function loadInventory(
  sources: readonly string[],
  options: InventoryOptions = {},
): Promise<LoadedInventory> {
  const data = new InventoryData()
  for (const source of sources) await readSource(source, data, options)
  ungroup(data)
  const folders = new Set<string>()
  for (const source of sources) if (!isHostList(source)) folders.add(await folderOf(source))
  const beside = await Promise.all([...folders].map((folder) => readFolders(folder, options)))
  const playbooks = [...new Set(options.playbookFolders ?? [])].filter((folder) => !folders.has(resolve(folder)))
  const besidePlaybooks = await Promise.all(playbooks.map((folder) => readFolders(folder, options)))
  const diagnostics = [...data.diagnostics, ...sameNames(data)]
  for (const { groups, hosts } of [...beside, ...besidePlaybooks]) {
    diagnostics.push(...mistakesOf(groups, data.groups, 'group'), ...mistakesOf(hosts, data.hosts, 'host'))
  }
  return { inventory: new LoadedHosts(data, beside, besidePlaybooks), diagnostics: sortDiagnostics(diagnostics) }
}

async function folderOf(source: string): Promise<string> {
  const isFolder = await stat(source).then(
    (found) => found.isDirectory(),
    () => false,
  )
  return resolve(isFolder ? source : dirname(source))
}

async function readFolders(folder: string, options: InventoryOptions): Promise<VarsFolders> {
  const [groups, hosts] = await Promise.all([
    readVarsFolder(join(folder, 'group_vars'), options),
    readVarsFolder(join(folder, 'host_vars'), options),
  ])
  return { groups, hosts }
}

/** A host in another group leaves `ungrouped`; one in none enters it. */
function ungroup(data: InventoryData): void {
  const rest = data.group('ungrouped')
  for (const host of data.hosts.values()) {
    const grouped = [...host.groups].some((name) => name !== 'ungrouped')
    if (grouped) {
      rest.hosts.delete(host.name)
      host.groups.delete('ungrouped')
    } else {
      rest.hosts.add(host.name)
      host.groups.add('ungrouped')
    }
  }
}

function sameNames(data: InventoryData): Diagnostic[] {
  return [...data.groups.keys()]
    .filter((name) => data.hosts.has(name))
    .map((name) => ({
      severity: 'warning',
      code: 'group-and-host',
      message: `'${name}' is the name of a host and of a group`,
      hint: 'in a pattern it means the group; rename one of them',
    }))
}

/**
 * Mistakes in the files of known names. A file whose name nothing has is a note only where it looks like a slip: it may belong to
 * another inventory, or to a group made during the run.
 */
function mistakesOf(folder: VarsFolder, known: ReadonlyMap<string, unknown>, what: string): Diagnostic[] {
  const result: Diagnostic[] = []
  for (const [name, mistakes] of folder.diagnostics) {
    if (known.has(name) || name === 'localhost') result.push(...mistakes)
  }
  for (const [name, layers] of folder.layers) {
    const origin = layers[0]?.origin
    if (known.has(name) || origin === undefined) continue
    const guess = didYouMean(
      name,
      [...known.keys()].filter((other) => !folder.layers.has(other)),
    )
    if (guess === undefined) continue
    result.push({
      severity: 'note',
      code: 'unused-vars-file',
      message: `no ${what} is named '${name}': ${origin} is not used`,
      at: { file: origin, line: 1, column: 1 },
      hint: `did you mean ${guess}?`,
    })
  }
  return result
}
