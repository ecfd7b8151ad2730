import { sortNaturally } from './natural.ts'
import { printable } from './printable.ts'

interface Numbered {
  readonly prefix: string
  readonly digits: string
  readonly suffix: string
}

const MOST = 12

/**
 * Runs of numbered hosts folded as an inventory writes them: `kvm[01:40]`. Names that stand alone stay as they are; after
 * `most` parts the rest is counted.
 */
export function foldHosts(names: readonly string[], most = MOST): string {
  const parts: { order: string; text: string; hosts: number }[] = []
  const families = new Map<string, Numbered[]>()
  for (const name of names.map(printable)) {
    const match = /^(.*?)(\d{1,15})(\D*)$/s.exec(name)
    if (!match) {
      parts.push({ order: name, text: name, hosts: 1 })
      continue
    }
    const one = { prefix: match[1]!, digits: match[2]!, suffix: match[3]! }
    const key = JSON.stringify([one.prefix, one.suffix])
    const family = families.get(key)
    if (family) family.push(one)
    else families.set(key, [one])
  }
  for (const family of families.values()) parts.push(...foldFamily(family))
  const ordered = sortNaturally(parts, (part) => part.order)
  const shown = ordered.slice(0, most).map((part) => part.text)
  const rest = ordered.slice(most).reduce((sum, part) => sum + part.hosts, 0)
  return rest === 0 ? shown.join(', ') : `${shown.join(', ')} … and ${rest} more`
}

function foldFamily(family: readonly Numbered[]): { order: string; text: string; hosts: number }[] {
  // 02 and 10 are of one range where any number of that length has a zero in front.
  const padded = new Set(
    family.filter((one) => one.digits.length > 1 && one.digits.startsWith('0')).map((one) => one.digits.length),
  )
  const byWidth = new Map<number, Numbered[]>()
  for (const one of family) {
    const width = padded.has(one.digits.length) ? one.digits.length : 0
    byWidth.set(width, [...(byWidth.get(width) ?? []), one])
  }
  return [...byWidth.values()].flatMap((list) => {
    const sorted = list.map((one) => ({ ...one, value: Number(one.digits) })).sort((a, b) => a.value - b.value)
    return runs(sorted).flatMap((run) => {
      const [first, last] = [run[0]!, run.at(-1)!]
      if (run.length > 2) {
        const { prefix, suffix } = first
        return [
          {
            order: prefix + first.digits,
            text: `${prefix}[${first.digits}:${last.digits}]${suffix}`,
            hosts: run.length,
          },
        ]
      }
      return run.map(({ prefix, digits, suffix }) => ({
        order: prefix + digits,
        text: prefix + digits + suffix,
        hosts: 1,
      }))
    })
  })
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
