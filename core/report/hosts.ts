/** Names as people count them: kvm2 before kvm10. */
export function naturally(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

/** Runs of numbered hosts folded as an inventory writes them: `kvm[01:40]`. Names that stand alone stay as they are. */
export function foldHosts(names: readonly string[]): string {
  const groups = new Map<string, { digits: string; value: number }[]>()
  const parts: { order: string; text: string }[] = []
  for (const name of names) {
    const match = /^(.*?)(\d+)(\D*)$/.exec(name)
    if (!match) {
      parts.push({ order: name, text: name })
      continue
    }
    const key = JSON.stringify([match[1], match[3], match[2]!.startsWith('0') ? match[2]!.length : 0])
    const list = groups.get(key) ?? []
    list.push({ digits: match[2]!, value: Number(match[2]) })
    groups.set(key, list)
  }
  for (const [key, numbers] of groups) {
    const [prefix, suffix] = JSON.parse(key) as [string, string]
    numbers.sort((a, b) => a.value - b.value)
    for (const run of runs(numbers)) {
      const [first, last] = [run[0]!.digits, run.at(-1)!.digits]
      if (run.length > 2) parts.push({ order: prefix + first, text: `${prefix}[${first}:${last}]${suffix}` })
      else for (const one of run) parts.push({ order: prefix + one.digits, text: prefix + one.digits + suffix })
    }
  }
  return parts
    .sort((a, b) => naturally(a.order, b.order))
    .map((part) => part.text)
    .join(', ')
}

function runs<T extends { value: number }>(sorted: readonly T[]): T[][] {
  const found: T[][] = []
  for (const one of sorted) {
    const last = found.at(-1)
    if (last && last.at(-1)!.value + 1 === one.value) last.push(one)
    else found.push([one])
  }
  return found
}
