import { escapeBlanks, unescapeBlanks } from './octal.ts'

/** One line of fstab(5); blanks in fields are written as octal there. */
export interface FstabEntry {
  readonly source: string
  readonly path: string
  readonly type: string
  readonly options: string
  readonly dump: number
  readonly pass: number
}

function parseLine(line: string): FstabEntry | undefined {
  if (/^\s*(#|$)/.test(line)) return undefined
  const [source, path, type, options = 'defaults', dump = '0', pass = '0'] = line.trim().split(/\s+/)
  if (source === undefined || path === undefined || type === undefined) return undefined
  return {
    source: unescapeBlanks(source),
    path: unescapeBlanks(path),
    type,
    options: unescapeBlanks(options),
    dump: Number(dump),
    pass: Number(pass),
  }
}

/** The entry of a mount point; of several the last one, which is what mount(8) ends with. */
export function findEntry(text: string, path: string): FstabEntry | undefined {
  return text
    .split('\n')
    .map(parseLine)
    .findLast((entry) => entry?.path === path)
}

/** The text with one entry for that path, in the old one's place; undefined removes it. Other lines stay as they are. */
export function setEntry(text: string, path: string, entry: FstabEntry | undefined): string {
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n')
  const at = lines.findLastIndex((line) => parseLine(line)?.path === path)
  const kept = lines.flatMap((line, i) => {
    if (parseLine(line)?.path !== path) return [line]
    return entry && i === at ? [formatEntry(entry)] : []
  })
  if (entry && at < 0) kept.push(formatEntry(entry))
  return kept.map((line) => `${line}\n`).join('')
}

function formatEntry(entry: FstabEntry): string {
  const { source, path, type, options, dump, pass } = entry
  return [escapeBlanks(source), escapeBlanks(path), type, escapeBlanks(options), dump, pass].join(' ')
}
