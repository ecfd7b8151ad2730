import { access } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ModuleFailure, type Reader } from '../../../core/module/types.ts'

/** The template as the task names it: beside the playbook or in its role, else one that ships with virtfleet. */
export async function findTemplate(host: Reader, name: string): Promise<string> {
  try {
    return await host.files.find('templates', name)
  } catch (error) {
    const shipped = error instanceof ModuleFailure && !name.includes('/') ? await findShipped(name) : undefined
    if (shipped === undefined) throw error
    return shipped
  }
}

/** In templates/ of this package, wherever below it this file stands (it is compiled into another folder). */
async function findShipped(name: string): Promise<string | undefined> {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'templates', name)
    const found = await access(candidate).then(
      () => true,
      () => false,
    )
    if (found) return candidate
  }
  return undefined
}
