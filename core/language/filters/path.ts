import { realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { posix, win32 } from 'node:path'
import { iterate, PythonError, str } from '../python/index.ts'
import type { FilterFunction } from '../types.ts'
import { Tuple, type Value } from '../values.ts'
import { globSync } from './glob.ts'
import { text } from './options.ts'
import { filterTable } from './table.ts'

function split(path: string, separator: RegExp): [string, string] {
  const at = Math.max(...[...path.matchAll(separator)].map((m) => m.index), -1)
  const head = path.slice(0, at + 1)
  const bare = head.replace(/[\\/]+$/, '')
  return [bare === '' ? head : bare, path.slice(at + 1)]
}

/** `~` and `~user` at the beginning; another user's home is left as it is when it is not known. */
export function expandUser(path: string): string {
  return path === '~' || path.startsWith('~/') ? homedir() + path.slice(1) : path
}

/** `$NAME` and `${NAME}` of the controller's environment; unknown ones stay. */
export function expandVariables(path: string): string {
  return path.replace(
    /\$(?:(\w+)|\{([^}]*)\})/g,
    (all, plain?: string, braced?: string) => process.env[plain ?? braced ?? ''] ?? all,
  )
}

function splitExtension(path: string): Tuple {
  const base = path.slice(path.lastIndexOf('/') + 1)
  const m = /^\.*[^.].*?(\.[^.]*)$/s.exec(base)
  const extension = m?.[1] ?? ''
  return new Tuple([path.slice(0, path.length - extension.length), extension])
}

function joinPath(parts: readonly string[]): string {
  return parts.reduce((path, part) =>
    part.startsWith('/') || path === '' ? part : path.endsWith('/') ? path + part : `${path}/${part}`,
  )
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return posix.resolve(path)
  }
}

function splitDrive(path: string): [string, string] {
  const drive = win32.parse(path).root.replace(/[\\/]$/, '')
  return [drive, path.slice(drive.length)]
}

/** Python's shlex.quote; for scripts of ours there is connection/quote. */
export function shellQuote(word: string): string {
  if (word === '') return "''"
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`
}

function names(value: Value): string[] {
  return typeof value === 'string' ? [value] : iterate(value).map(str)
}

/** Filters of paths, the controller's. */
export const pathFilters: [string, FilterFunction][] = filterTable({
  basename: (v) => split(str(v), /\//g)[1],
  dirname: (v) => split(str(v), /\//g)[0],
  expanduser: (v) => expandUser(str(v)),
  expandvars: (v) => expandVariables(str(v)),
  realpath: (v) => realPath(str(v)),
  'relpath start?': (v, [start]) => posix.relative(text(start, '.'), str(v)) || '.',
  splitext: (v) => splitExtension(str(v)),
  'path_join *rest': (v) => {
    if (typeof v !== 'string' && !Array.isArray(v))
      throw new PythonError('FilterError', 'path_join expects a string or a list')
    return joinPath(names(v))
  },
  win_basename: (v) => split(splitDrive(str(v))[1], /[\\/]/g)[1],
  win_dirname: (v) => {
    const [drive, rest] = splitDrive(str(v))
    return drive + split(rest, /[\\/]/g)[0]
  },
  win_splitdrive: (v) => new Tuple(splitDrive(str(v))),
  fileglob: (v) => globSync(str(v)),
  quote: (v) => shellQuote(v === null ? '' : str(v)),
})
