/** An address with a prefix length: `192.168.1.5/24`. A bare one has the full length and `hasPrefix` false. */
export interface Network {
  readonly version: 4 | 6
  readonly address: bigint
  readonly prefix: number
  readonly hasPrefix: boolean
}

export function width(n: Network): number {
  return n.version === 4 ? 32 : 128
}

function parse4(text: string): bigint | undefined {
  const m = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (!m) return undefined
  const bytes = m.slice(1).map(Number)
  return bytes.every((b) => b < 256) ? bytes.reduce((n, b) => n * 256n + BigInt(b), 0n) : undefined
}

function parse6(text: string): bigint | undefined {
  const embedded = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  const four = embedded ? parse4(embedded[2] ?? '') : undefined
  if (embedded && four === undefined) return undefined
  const plain =
    embedded && four !== undefined
      ? `${embedded[1]}${(four >> 16n).toString(16)}:${(four & 0xffffn).toString(16)}`
      : text
  const halves = plain.split('::')
  if (halves.length > 2) return undefined
  const [head = [], tail = []] = halves.map((h) => (h === '' ? [] : h.split(':')))
  const gap = 8 - head.length - tail.length
  if (halves.length === 2 ? gap < 1 : gap !== 0) return undefined
  const groups = [...head, ...Array.from({ length: gap }, () => '0'), ...tail]
  if (!groups.every((g) => /^[0-9a-fA-F]{1,4}$/.test(g))) return undefined
  return groups.reduce((n, g) => n * 65536n + BigInt(`0x${g}`), 0n)
}

/** The prefix length of a netmask or a hostmask. */
function maskLength(mask: bigint): number | undefined {
  const bits = mask.toString(2).padStart(32, '0')
  if (/^1*0*$/.test(bits)) return bits.replaceAll('0', '').length
  return /^0*1*$/.test(bits) ? 32 - bits.replaceAll('0', '').length : undefined
}

/** An address, or one with `/prefix` or `/netmask`; undefined for anything else. */
export function parseNetwork(text: string): Network | undefined {
  const [address = '', mask, ...more] = text.trim().split('/')
  const four = parse4(address)
  const value = four ?? parse6(address)
  if (value === undefined || more.length > 0) return undefined
  const version = four === undefined ? 6 : 4
  const full = version === 4 ? 32 : 128
  if (mask === undefined) return { version, address: value, prefix: full, hasPrefix: false }
  const dotted = version === 4 ? parse4(mask) : undefined
  const prefix = dotted === undefined ? (/^\d+$/.test(mask) ? Number(mask) : undefined) : maskLength(dotted)
  return prefix === undefined || prefix > full ? undefined : { version, address: value, prefix, hasPrefix: true }
}

/** An address in its canonical text, IPv6 after RFC 5952. */
export function addressText(version: 4 | 6, value: bigint): string {
  if (version === 4) return [24n, 16n, 8n, 0n].map((s) => String((value >> s) & 255n)).join('.')
  const groups = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16))
  const runs = [...groups.join(':').matchAll(/\b0(?::0)+\b/g)].sort((a, b) => b[0].length - a[0].length)
  const longest = runs[0]
  if (!longest) return groups.join(':')
  const text = groups.join(':')
  return `${text.slice(0, longest.index).replace(/:$/, '')}::${text.slice(longest.index + longest[0].length).replace(/^:/, '')}`
}

export function netmask(n: Network): bigint {
  const full = BigInt(width(n))
  return ((1n << BigInt(n.prefix)) - 1n) << (full - BigInt(n.prefix))
}

export function size(n: Network): bigint {
  return 1n << BigInt(width(n) - n.prefix)
}

/** First address of the network. */
export function first(n: Network): bigint {
  return n.address & netmask(n)
}

export function last(n: Network): bigint {
  return first(n) + size(n) - 1n
}

export function contains(outer: Network, inner: Network): boolean {
  return outer.version === inner.version && first(outer) <= first(inner) && last(outer) >= last(inner)
}

/** `a.b.c.d/24` of the network itself. */
export function cidr(n: Network): string {
  return `${addressText(n.version, first(n))}/${n.prefix}`
}
