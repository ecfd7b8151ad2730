/** Ports of one protocol, both ends included. */
export interface PortRange {
  readonly first: number
  readonly last: number
  readonly protocol: 'tcp' | 'udp'
}

const FORM = /^(\d{1,5})(?:[-:](\d{1,5}))?(?:\/(tcp|udp))?$/

/** `2049`, `2049/udp`, `49152-49215/tcp`, also with ufw's colon; tcp where no protocol is said. Undefined for anything else. */
export function parsePorts(text: string): PortRange | undefined {
  const match = FORM.exec(text.trim())
  if (!match) return undefined
  const first = Number(match[1])
  const last = Number(match[2] ?? match[1])
  const valid = first >= 1 && first <= last && last <= 65_535
  return valid ? { first, last, protocol: match[3] === 'udp' ? 'udp' : 'tcp' } : undefined
}

/** `49152-49215`, or `2049` where it is one. */
export const portNumbers = ({ first, last }: PortRange, between = '-'): string =>
  first === last ? String(first) : `${first}${between}${last}`

export const portText = (ports: PortRange): string => `${portNumbers(ports)}/${ports.protocol}`

/** Whether these ranges, of any order and overlap, have all of those ports. */
export function coverPorts(ranges: readonly PortRange[], wanted: PortRange): boolean {
  const sorted = ranges.filter((one) => one.protocol === wanted.protocol).sort((a, b) => a.first - b.first)
  let next = wanted.first
  for (const one of sorted) if (one.first <= next && one.last >= next) next = one.last + 1
  return next > wanted.last
}
