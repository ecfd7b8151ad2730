import type { JsonObject } from '../../../core/events/json.ts'
import { ModuleFailure } from '../../../core/module/types.ts'
import { fishWord } from './fish.ts'

/** A folder with more is not listed. */
const MOST_ENTRIES = 10_000

/** Letters of guestfish's readdir (guestfs(3), struct guestfs_dirent). */
const KINDS: Readonly<Record<string, string>> = {
  b: 'block device',
  c: 'character device',
  d: 'directory',
  f: 'fifo',
  l: 'link',
  r: 'file',
  s: 'socket',
}

/** Commands for a folder, each with an answer of its own. */
export const LIST_PARTS = 3

/** Commands of guestfish for one folder. */
export const listCommands = (folder: string): readonly string[] => [
  `is-dir ${fishWord(folder)} followsymlinks:true`,
  `-ls0 ${fishWord(folder)} -`,
  `-readdir ${fishWord(folder)}`,
]

/**
 * What they answered: entries by name, null where there is no such folder. A name with a line break in it could tell what is not so
 * of the others: then no kinds are told. Raises ModuleFailure for a folder that is too full.
 */
export function readListing(
  folder: string,
  [isFolder = '', names = '', kinds = '']: readonly string[],
): JsonObject[] | null {
  if (isFolder.trim() !== 'true') return null
  const all = names.split('\0').filter((name) => name !== '')
  if (all.length > MOST_ENTRIES)
    throw new ModuleFailure(
      `${folder} of the guest has ${all.length} entries; more than ${MOST_ENTRIES} are not listed`,
    )
  const plain = all.every((name) => !name.includes('\n'))
  const byName = new Map(
    [...kinds.matchAll(/^ {2}ftyp: (.)\n {2}name: (.*)$/gm)].map(([, letter = '', name = '']) => [name, KINDS[letter]]),
  )
  return all.map((name) => ({ name, type: (plain ? byName.get(name) : undefined) ?? null }))
}
