import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileOptions } from './header.ts'
import type { Origin } from './origin.ts'
import type { ProgramOptions } from './program.ts'

export interface FoundTemplate {
  readonly origin: Origin
  readonly options: ProgramOptions
}

/** The first of the names that is a file in one of the folders or its `templates` folder; names never lead out of a folder. */
export function findTemplate(folders: readonly string[], names: readonly string[]): FoundTemplate | undefined {
  for (const name of names) {
    const segments = name.split('/').filter((s) => s !== '' && s !== '.')
    if (segments.includes('..') || name.includes('\0')) continue
    for (const folder of folders) {
      for (const base of [folder, join(folder, 'templates')]) {
        const file = join(base, ...segments)
        const text = read(file)
        if (text !== undefined) return fileOptions(text, file)
      }
    }
  }
  return undefined
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return undefined
    throw error
  }
}
