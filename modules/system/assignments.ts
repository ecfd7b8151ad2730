/** A key of sysctl's with dots. As sysctl(8): the first separator decides; in a/b.c the dot belongs to a name. */
export function dotted(name: string): string {
  const slash = name.indexOf('/')
  const dot = name.indexOf('.')
  return slash >= 0 && (dot < 0 || slash < dot) ? name.replace(/[./]/g, (c) => (c === '.' ? '/' : '.')) : name
}

/** `key = value` lines as sysctl.d has them, keys with dots: comments begin with # or ;, the last one of a key counts. */
export function assignments(text: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const line of text.split('\n')) {
    const match = ASSIGNMENT.exec(line)
    if (match) found.set(dotted(match[1]!), match[2]!.trim())
  }
  return found
}

const ASSIGNMENT = /^\s*-?\s*([^\s#;=]+)\s*=\s*(.*)$/

/** The text with that key (as `dotted` has it) set once, in the place of its last line, or removed. Other lines stay as they are. */
export function setAssignment(text: string, key: string, value: string | undefined): string {
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n')
  const mine = (line: string): boolean => dotted(ASSIGNMENT.exec(line)?.[1] ?? '') === key
  const last = lines.findLastIndex(mine)
  const kept = lines.flatMap((line, i) => {
    if (!mine(line)) return [line]
    return value !== undefined && i === last ? [`${key} = ${value}`] : []
  })
  if (value !== undefined && last < 0) kept.push(`${key} = ${value}`)
  return kept.length === 0 ? '' : `${kept.join('\n')}\n`
}
