/** A client of an export with its options, as exports(5) has them. */
export interface ExportClient {
  readonly host: string
  readonly options: readonly string[]
}

const quotePath = (path: string): string =>
  /[\s"#\\]/.test(path) ? `"${path.replace(/["\\]/g, (c) => `\\${c.charCodeAt(0).toString(8)}`)}"` : path

/** The file's text with one line for that folder; no clients removes it. Other lines stay as they are. */
export function setExport(text: string, path: string, clients: readonly ExportClient[]): string {
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n')
  const name = quotePath(path)
  const mine = (line: string): boolean => line.startsWith(`${name} `) || line.startsWith(`${name}\t`)
  const at = lines.findIndex(mine)
  const line = [name, ...clients.map((one) => `${one.host}(${one.options.join(',')})`)].join(' ')
  // A line that ends in a backslash goes on in the next one.
  const continues = (i: number): boolean =>
    i > 0 && lines[i - 1]!.endsWith('\\') && (mine(lines[i - 1]!) || continues(i - 1))
  const kept = lines.flatMap((one, i) => {
    if (continues(i)) return []
    return mine(one) ? (clients.length > 0 && i === at ? [line] : []) : [one]
  })
  if (clients.length > 0 && at < 0) kept.push(line)
  return kept.map((one) => `${one}\n`).join('')
}

/** Clients of a folder in the answer of `exportfs -s`: a line for each, path and client(options). */
export function liveExports(output: string, path: string): ExportClient[] {
  return output.split('\n').flatMap((line) => {
    const match = /^(\S+)\s+(\S+?)\(([^)]*)\)$/.exec(line.trim())
    if (!match || match[1] !== path) return []
    return [{ host: match[2] === '<world>' ? '*' : match[2]!, options: match[3]!.split(',') }]
  })
}

/** Whether the kernel's client is the declared one: it tells a short name in full. */
export const sameClient = (live: string, wanted: string): boolean => live === wanted || live.startsWith(`${wanted}.`)

/** Pairs of which one always holds: the kernel tells both sides, a user only what matters. */
const OPPOSITES: Record<string, string> = {
  rw: 'ro',
  sync: 'async',
  root_squash: 'no_root_squash',
  all_squash: 'no_all_squash',
  subtree_check: 'no_subtree_check',
  secure: 'insecure',
  wdelay: 'no_wdelay',
  hide: 'nohide',
}
const REVERSE = Object.fromEntries(Object.entries(OPPOSITES).map(([one, other]) => [other, one]))

/** Options that are told where they are set, and left out where they are the default. */
const TOLD = /^(anonuid|anongid|fsid|sec)=|^crossmnt$/
const DEFAULT = /^(anonuid|anongid)=65534$|^sec=sys$/

/** Whether a declared option is not in force. What was not declared does not count, nor what the kernel does not tell. */
export function optionsDiffer(live: readonly string[], wanted: readonly string[]): boolean {
  const now = new Set(live)
  return wanted.some((given) => {
    const one = given === 'fsid=root' ? 'fsid=0' : given
    if (now.has(one)) return false
    const opposite = OPPOSITES[one] ?? REVERSE[one]
    if (opposite !== undefined) return now.has(opposite)
    const key = one.slice(0, one.indexOf('=') + 1)
    return TOLD.test(one) && (!DEFAULT.test(one) || (key !== '' && live.some((other) => other.startsWith(key))))
  })
}
