/** A shell pattern (`*`, `?`, `[…]`) as a regular expression for a whole name. */
export function globPattern(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
    .replace(/\[!/g, '[^')
  return new RegExp(`^${source}$`)
}
