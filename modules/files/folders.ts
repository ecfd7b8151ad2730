import { type Change, ModuleFailure } from '../../core/module/types.ts'
import { type Attributes, diffAttributes } from './attributes.ts'
import type { Entry } from './entry.ts'

export interface FolderState {
  readonly path: string
  readonly entry: Entry | undefined
}

/** What makes a folder of that path with these attributes. */
export function diffFolder({ path, entry }: FolderState, wanted: Attributes): Change[] {
  if (!entry) return [{ path, after: 'directory', effect: 'now' }]
  if (entry.kind !== 'directory') throw new ModuleFailure(`${path} is a ${entry.kind}, not a directory`)
  return diffAttributes(entry, wanted).map((change) => ({ ...change, path: `${path} ${change.path}` }))
}
