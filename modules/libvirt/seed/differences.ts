import type { SeedFile } from './image.ts'

/**
 * Which files of a seed differ, in words, and the names of the top-level keys of what is new there; never a value, for a seed holds
 * passwords and keys.
 */
export function seedDifferences(before: readonly SeedFile[] | undefined, after: readonly SeedFile[]): string {
  const old = new Map(before?.map((one) => [one.name, one.content]))
  const parts = after
    .filter(({ name, content }) => !old.get(name)?.equals(content))
    .map(({ name, content }) => `${name}${before && !old.has(name) ? ' (new)' : ''}${keysOf(content)}`)
  const names = new Set(after.map((one) => one.name))
  const gone = [...old.keys()].filter((name) => !names.has(name)).map((name) => `${name} (removed)`)
  return [...parts, ...gone].join('; ')
}

/** Keys as this side writes them: at the beginning of a line. */
function keysOf(content: Buffer): string {
  const text = content.toString()
  if (/^#!/.test(text)) return ''
  const keys = [...text.matchAll(/^([A-Za-z][\w-]*):(?=\s)/gm)].map((match) => match[1])
  return keys.length === 0 ? '' : `: ${[...new Set(keys)].join(', ')}`
}
