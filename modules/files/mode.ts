/** chmod's symbolic modes and octal ones, computed by us so that a diff needs no host. */

const CLAUSE = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/
const SHIFT = { u: 6, g: 3, o: 0 } as const
type Who = keyof typeof SHIFT

/**
 * The mode that `wanted` makes of `current`. Octal replaces; symbolic changes, as chmod(1) does but for the umask: a clause
 * without u, g, o counts for all of them. Source: POSIX chmod, extended by s and t.
 */
export function applyMode(wanted: string, current: number, directory: boolean): number {
  if (/^[0o]*[0-7]+$/.test(wanted)) return Number.parseInt(wanted.replace(/^0o/, ''), 8) & 0o7777
  let mode = current
  for (const clause of wanted.split(',')) {
    const match = CLAUSE.exec(clause)
    if (!match) throw new RangeError(`bad mode '${wanted}'`)
    const who = (match[1] === '' || match[1]!.includes('a') ? ['u', 'g', 'o'] : [...new Set(match[1])]) as Who[]
    for (const [, operator, what] of match[2]!.matchAll(/([-+=])([rwxXst]+|[ugo])?/g)) {
      mode = applyOperation(mode, who, operator!, what ?? '', directory)
    }
  }
  return mode
}

function applyOperation(mode: number, who: readonly Who[], operator: string, what: string, directory: boolean): number {
  let bits = 0
  let mask = 0
  for (const one of who) {
    const shift = SHIFT[one]
    mask |= 0o7 << shift
    if (one === 'u') mask |= 0o4000
    if (one === 'g') mask |= 0o2000
    if (one === 'o') mask |= 0o1000
    if (/^[ugo]$/.test(what)) {
      bits |= ((mode >> SHIFT[what as Who]) & 0o7) << shift
      continue
    }
    if (what.includes('r')) bits |= 0o4 << shift
    if (what.includes('w')) bits |= 0o2 << shift
    if (what.includes('x') || (what.includes('X') && (directory || (mode & 0o111) !== 0))) bits |= 0o1 << shift
    if (what.includes('s')) bits |= one === 'u' ? 0o4000 : one === 'g' ? 0o2000 : 0
    // As GNU chmod has it, the sticky bit belongs to o.
    if (what.includes('t') && one === 'o') bits |= 0o1000
  }
  if (operator === '+') return mode | bits
  if (operator === '-') return mode & ~bits
  // As chmod does: `=` leaves a folder's set-id bits alone unless they are named.
  if (directory && !what.includes('s')) mask &= ~0o6000
  return (mode & ~mask) | bits
}
