import { type Change, ModuleFailure, type Reader } from '../../core/module/types.ts'
import { type Attributes, diffAttributes } from './attributes.ts'
import { type Entry, entryScript, parseEntry } from './entry.ts'

export interface FolderState {
  readonly path: string
  readonly entry: Entry | undefined
}

/** Several paths in one write. */
export async function probeFolders(host: Reader, paths: readonly string[]): Promise<FolderState[]> {
  return Promise.all(
    paths.map(async (path) => ({
      path,
      entry: parseEntry(await host.read(entryScript(path, { follow: true })), path),
    })),
  )
}

/** What makes a folder of that path with these attributes. */
export function diffFolder({ path, entry }: FolderState, wanted: Attributes): Change[] {
  if (!entry) return [{ path, after: 'directory', effect: 'now' }]
  if (entry.kind !== 'directory') throw new ModuleFailure(`${path} is a ${entry.kind}, not a directory`)
  return diffAttributes(entry, wanted).map((change) => ({ ...change, path: `${path} ${change.path}` }))
}
