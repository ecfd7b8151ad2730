import { open, readdir, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { LARGE_FILE, type LargeFile, largeFile } from '../../connection/index.ts'
import { type ControllerFiles, ModuleFailure } from '../../module/types.ts'
import { isVaultText } from '../../secrets/index.ts'
import type { FileCache } from './file-cache.ts'

/**
 * Files of the controller. A relative name is looked for as Ansible does: in files/ or templates/ of the role and of
 * those it is a dependency of, beside the task's file, then beside the playbook; each folder with and without files/.
 */
export class TaskFiles implements ControllerFiles {
  readonly #folders: readonly string[]
  readonly #cache: FileCache

  constructor(folders: readonly string[], cache: FileCache) {
    this.#folders = folders
    this.#cache = cache
  }

  async find(kind: 'files' | 'templates', path: string): Promise<string> {
    if (path.startsWith('~/')) return join(homedir(), path.slice(2))
    if (isAbsolute(path)) return path
    for (const folder of this.#folders) {
      const candidate = this.#existing(join(folder, kind), path) ?? this.#existing(folder, path)
      if (candidate !== undefined) return path.endsWith('/') ? `${candidate}/` : candidate
    }
    const searched = this.#folders.flatMap((folder) => [join(folder, kind), folder])
    throw new ModuleFailure(`there is no file '${path}' on the controller`, {
      hint: `searched in ${searched.join(', ')}`,
    })
  }

  async read(absolutePath: string): Promise<Buffer> {
    return told(absolutePath, () => this.#cache.read(absolutePath))
  }

  async large(
    absolutePath: string,
    options: { signal: AbortSignal; onProgress: (percent: number) => void },
  ): Promise<LargeFile | undefined> {
    const { kind, size } = await this.stat(absolutePath)
    if (kind !== 'file' || size < LARGE_FILE || isVaultText(await told(absolutePath, () => head(absolutePath))))
      return undefined
    return told(absolutePath, () => largeFile(absolutePath, options))
  }

  #existing(folder: string, path: string): string | undefined {
    const candidate = resolve(folder, path)
    try {
      return this.#cache.exists(candidate) ? candidate : undefined
    } catch {
      return undefined
    }
  }

  async list(absolutePath: string): Promise<string[]> {
    const names: string[] = []
    const walk = async (folder: string, prefix: string): Promise<void> => {
      for (const entry of await told(folder, () => readdir(folder, { withFileTypes: true }))) {
        const name = prefix + entry.name
        const isFolder =
          entry.isDirectory() || (entry.isSymbolicLink() && (await isDirectory(join(folder, entry.name))))
        names.push(isFolder ? `${name}/` : name)
        if (isFolder) await walk(join(folder, entry.name), `${name}/`)
      }
    }
    await walk(absolutePath, '')
    return names.sort()
  }

  async stat(absolutePath: string): ReturnType<ControllerFiles['stat']> {
    const found = await told(absolutePath, async () => this.#cache.stat(absolutePath))
    const kind = found.isFile() ? 'file' : found.isDirectory() ? 'directory' : 'other'
    return { kind, size: found.size, mode: found.mode & 0o7777, mtimeMs: found.mtimeMs }
  }
}

const isDirectory = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )

/** Enough of a file to tell whether it is encrypted with a vault. */
async function head(path: string): Promise<string> {
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await handle.close()
  }
}

async function told<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new ModuleFailure(`cannot read ${path} on the controller: ${error instanceof Error ? error.message : error}`)
  }
}
