const RUNS = /\d+|\D+/g

/** By names as people count them: kvm2 before kvm10, whatever their case. Not by Intl, which takes a start 15 ms. */
export function sortNaturally<T>(items: readonly T[], nameOf: (item: T) => string): T[] {
  return items
    .map((item) => ({ item, name: nameOf(item), runs: nameOf(item).toLowerCase().match(RUNS) ?? [] }))
    .sort((a, b) => byRuns(a.runs, b.runs) || compare(a.name, b.name))
    .map(({ item }) => item)
}

function byRuns(a: readonly string[], b: readonly string[]): number {
  for (const [i, left] of a.entries()) {
    const right = b[i]
    if (right === undefined) return 1
    if (left === right) continue
    // Numbers may be longer than what a double holds.
    const [l, r] = [left.replace(/^0+(?=\d)/, ''), right.replace(/^0+(?=\d)/, '')]
    const different = isNumber(l) && isNumber(r) ? l.length - r.length || compare(l, r) : compare(left, right)
    if (different !== 0) return different
  }
  return a.length - b.length
}

const isNumber = (run: string): boolean => /^\d/.test(run)
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
