/** Kinds of files, by semanage's letters, as file_contexts(5) writes them. */
export const FILE_TYPES = { a: '', b: '-b', c: '-c', d: '-d', f: '--', l: '-l', p: '-p', s: '-s' } as const
export type FileType = keyof typeof FILE_TYPES

/** A context, or none: such files get no label. */
export interface Context {
  readonly user: string
  readonly type: string
  readonly level: string
}

/** The last definition of that expression and kind of file in a text as file_contexts(5) has it; 'none' for `<<none>>`. */
export function definedContext(text: string, target: string, ftype: FileType): Context | 'none' | undefined {
  let found: Context | 'none' | undefined
  for (const line of text.split('\n')) {
    const [expression, ...rest] = line.trim().split(/\s+/)
    if (expression !== target || rest.length === 0 || rest.length > 2) continue
    const [kind, context] = rest.length === 2 ? rest : ['', rest[0]]
    if (kind !== FILE_TYPES[ftype]) continue
    if (context === '<<none>>') found = 'none'
    const [, user, type, level] = /^([^:]+):[^:]+:([^:]+)(?::(.+))?$/.exec(context!) ?? []
    if (user !== undefined) found = { user, type: type!, level: level ?? '' }
  }
  return found
}

/** What a path is treated as, by a text as file_contexts.subs has it. */
export function substitution(text: string, target: string): string | undefined {
  for (const line of text.split('\n')) {
    const [from, to] = line.trim().split(/\s+/)
    if (from === target) return to
  }
  return undefined
}

/** The path that an expression names with all that is below it: only `/path` and `/path(/.*)?` do. */
export function pathOf(target: string): string | undefined {
  const literal = target.replace(/\(\/\.\*\)\?$/, '')
  if (/(^|[^\\])[.^$?*+|[\](){}]/.test(literal)) return undefined
  const path = literal.replace(/\\(.)/g, '$1').replace(/\/+$/, '')
  return path.startsWith('/') ? path : undefined
}
