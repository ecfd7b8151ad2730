import { statSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { expandUser } from '../filters/path.ts'
import { PythonError } from '../python/index.ts'
import type { CallContext } from '../types.ts'

/** Largest file a lookup reads: 16 MiB. */
const maxSize = 16 * 1024 * 1024

/** Where a name may stand: as Ansible, in `files` or `templates` of each folder, then in the folder. */
export function candidates(name: string, subfolder: 'files' | 'templates' | 'vars', context: CallContext): string[] {
  const path = expandUser(name)
  if (path.includes('\0')) throw new PythonError('ValueError', 'embedded null byte')
  if (isAbsolute(path)) return [path]
  return context.scope.environment.folders.flatMap((folder) => [join(folder, subfolder, path), join(folder, path)])
}

/** The first that is there, file or folder. */
export function findFile(
  name: string,
  subfolder: 'files' | 'templates' | 'vars',
  context: CallContext,
): string | undefined {
  return candidates(name, subfolder, context).find((path) => statSync(path, { throwIfNoEntry: false }) !== undefined)
}

/** The path of a file that must be there. */
export function requireFile(name: string, subfolder: 'files' | 'templates', context: CallContext): string {
  const found = findFile(name, subfolder, context)
  if (found !== undefined) return found
  const places = candidates(name, subfolder, context).join(', ')
  throw new PythonError('FilterError', `could not find file '${name}', looked in ${places || 'no folder'}`)
}

/** The text of a file of the controller's; a vault file is opened. */
export async function readText(path: string, context: CallContext): Promise<string> {
  const { size } = await stat(path)
  if (size > maxSize) throw new PythonError('FilterError', `${path} is larger than ${maxSize} bytes`)
  const { signal, vault } = context.scope.environment
  const text = await readFile(path, { encoding: 'utf8', ...(signal && { signal }) })
  if (!text.startsWith('$ANSIBLE_VAULT;')) return text
  if (!vault) throw new PythonError('FilterError', `${path} is encrypted, and no vault password was given`)
  return vault.decrypt(text)
}
