import { lstatSync, statSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { str } from '../python/index.ts'
import type { TestFunction } from '../types.ts'
import { aliases, testTable } from './table.ts'

const quiet = { throwIfNoEntry: false } as const

function stat(path: string, follow: boolean) {
  try {
    return follow ? statSync(path, quiet) : lstatSync(path, quiet)
  } catch {
    return undefined
  }
}

function isMount(path: string): boolean {
  const own = stat(path, false)
  if (!own || own.isSymbolicLink()) return false
  const parent = stat(`${path}/..`, true)
  return parent !== undefined && (own.dev !== parent.dev || own.ino === parent.ino)
}

const tests = testTable({
  directory: (v) => stat(str(v), true)?.isDirectory() ?? false,
  file: (v) => stat(str(v), true)?.isFile() ?? false,
  link: (v) => stat(str(v), false)?.isSymbolicLink() ?? false,
  exists: (v) => stat(str(v), true) !== undefined,
  link_exists: (v) => stat(str(v), false) !== undefined,
  abs: (v) => isAbsolute(str(v)),
  mount: (v) => isMount(str(v)),
  'same_file path': (v, [path]) => {
    const [a, b] = [stat(str(v), true), stat(str(path ?? null), true)]
    return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino
  },
})

/** Tests of paths, the controller's. */
export const fileTests: [string, TestFunction][] = [
  ...tests,
  ...aliases(tests, {
    is_dir: 'directory',
    is_file: 'file',
    is_link: 'link',
    is_abs: 'abs',
    is_mount: 'mount',
    is_same_file: 'same_file',
  }),
]
