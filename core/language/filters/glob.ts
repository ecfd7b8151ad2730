import { readdirSync, statSync } from 'node:fs'

/** Files, not folders, that match a path with `*`, `?` and `[…]`; hidden ones only by name. Unsorted in Ansible, sorted here. */
export function globSync(pattern: string): string[] {
  const parts = pattern.split('/')
  let found = [pattern.startsWith('/') ? '/' : '']
  for (const part of parts.filter((p) => p !== '')) {
    found = found.flatMap((base) =>
      matches(base, part).map((name) => base + (base === '' || base.endsWith('/') ? '' : '/') + name),
    )
  }
  return found.filter((path) => isFile(path)).sort()
}

function matches(base: string, part: string): string[] {
  if (!/[*?[]/.test(part)) return [part]
  const regex = wildcard(part)
  try {
    return readdirSync(base || '.').filter(
      (name) => regex.test(name) && (part.startsWith('.') || !name.startsWith('.')),
    )
  } catch {
    return []
  }
}

/** Python's fnmatch as a regular expression. */
export function wildcard(part: string): RegExp {
  const source = part.replace(/\[!?\]?[^\]]*\]|[\s\S]/g, (c) => {
    if (c === '*') return '.*'
    if (c === '?') return '.'
    if (c.length > 1) return `[${c.slice(1, -1).replace(/^!/, '^').replace(/\\/g, '\\\\')}]`
    return c.replace(/[\\^$.|+()[\]{}]/, '\\$&')
  })
  return new RegExp(`^${source}$`, 's')
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}
