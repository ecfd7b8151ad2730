import { readdirSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import SSHConfig, { type Directive, type Line } from 'ssh-config'
import type { SshEnvironment } from './environment.ts'
import { expandHome } from './expand.ts'

/** One line of an ssh_config(5) file with the lines under it and the files it includes. */
export type ConfigNode =
  | { readonly kind: 'option'; readonly keyword: string; readonly value: string }
  | { readonly kind: 'host'; readonly patterns: readonly string[]; readonly body: readonly ConfigNode[] }
  | { readonly kind: 'match'; readonly criteria: ReadonlyMap<string, string>; readonly body: readonly ConfigNode[] }
  | { readonly kind: 'include'; readonly body: readonly ConfigNode[] }

/** ssh's own limit for files that include one another. */
const DEPTH = 16

/**
 * Reads a file with its Includes; one that does not exist is empty. Relative Includes are of ~/.ssh, or /etc/ssh for the
 * system's file. Raises the system's error for an unreadable file, RangeError for Includes that never end.
 */
export function readConfig(file: string, environment: SshEnvironment, depth = 0): readonly ConfigNode[] {
  if (depth > DEPTH) throw new RangeError(`too many Includes, at ${file}`)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
  const folder = file.startsWith('/etc/ssh/') ? '/etc/ssh' : join(environment.home, '.ssh')
  const include = (patterns: readonly string[]): readonly ConfigNode[] =>
    patterns
      .map((pattern) => expandHome(pattern, environment))
      .map((pattern) => (isAbsolute(pattern) ? pattern : join(folder, pattern)))
      .flatMap(expandGlob)
      .flatMap((name) => readConfig(name, environment, depth + 1))
  return convert(SSHConfig.parse(text), include)
}

function convert(
  lines: readonly Line[],
  include: (patterns: readonly string[]) => readonly ConfigNode[],
): ConfigNode[] {
  const nodes: ConfigNode[] = []
  for (const line of lines) {
    if (line.type !== SSHConfig.DIRECTIVE) continue
    const keyword = line.param.toLowerCase()
    const words = wordsOf(line)
    if ('criteria' in line) {
      const criteria = new Map(Object.entries(line.criteria).map(([k, v]) => [k.toLowerCase(), textOf(v)]))
      nodes.push({ kind: 'match', criteria, body: convert(line.config, include) })
    } else if ('config' in line) nodes.push({ kind: 'host', patterns: words, body: convert(line.config, include) })
    else if (keyword === 'include') nodes.push({ kind: 'include', body: include(words) })
    else nodes.push({ kind: 'option', keyword, value: textOf(line.value) })
  }
  return nodes
}

function wordsOf(line: Directive): string[] {
  if (Array.isArray(line.value)) return line.value.map((v) => v.val)
  return line.quoted ? [line.value] : line.value.split(/\s+/).filter((word) => word !== '')
}

function textOf(value: Directive['value']): string {
  return Array.isArray(value) ? value.map((v) => v.val).join(' ') : value
}

/** glob(7) in the last part of the path, which is where Includes have it. */
function expandGlob(pattern: string): string[] {
  if (!/[*?[]/.test(pattern)) return [pattern]
  const folder = dirname(pattern)
  const name = pattern.slice(folder.length + 1)
  if (/[*?[]/.test(folder)) return []
  const text = name
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  const expression = new RegExp(`^${text}$`)
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch {
    return []
  }
  return names
    .filter((n) => expression.test(n) && (!n.startsWith('.') || name.startsWith('.')))
    .sort()
    .map((n) => join(folder, n))
}
