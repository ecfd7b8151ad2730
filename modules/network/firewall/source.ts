import { isIPv4, isIPv6 } from 'node:net'

/** A network, or one address as a network of its own. */
export interface Source {
  readonly family: 4 | 6
  /** As nft and firewalld print it: no bits behind the prefix, no prefix where it is one address. */
  readonly text: string
  readonly first: bigint
  readonly last: bigint
}

const BITS = { 4: 32, 6: 128 } as const

/** An address or a network of either family; undefined for anything else. */
export function parseSource(text: string): Source | undefined {
  const [address = '', prefix, ...more] = text.trim().split('/')
  const family = isIPv4(address) ? 4 : isIPv6(address) && !address.includes('%') ? 6 : undefined
  if (family === undefined || more.length > 0) return undefined
  const bits = BITS[family]
  if (prefix !== undefined && !/^\d{1,3}$/.test(prefix)) return undefined
  const length = prefix === undefined ? bits : Number(prefix)
  if (length > bits) return undefined
  const size = 1n << BigInt(bits - length)
  const value = numberOf(address, family)
  const first = value - (value % size)
  return {
    family,
    text: length === bits ? addressOf(first, family) : `${addressOf(first, family)}/${length}`,
    first,
    last: first + size - 1n,
  }
}

/** How a part of the address space lies to another one: within it, apart from it, or neither. */
export function within(
  part: { first: bigint; last: bigint },
  whole: { first: bigint; last: bigint },
): 'yes' | 'no' | 'partly' {
  if (part.first >= whole.first && part.last <= whole.last) return 'yes'
  return part.last < whole.first || part.first > whole.last ? 'no' : 'partly'
}

function numberOf(address: string, family: 4 | 6): bigint {
  if (family === 4) return address.split('.').reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
  // The last four bytes may be written as IPv4 has them.
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address)
  const low = dotted ? numberOf(dotted[2]!, 4) : 0n
  const text = dotted ? `${dotted[1]}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}` : address
  const [head = '', tail] = text.split('::')
  const groups = (of: string): string[] => (of === '' ? [] : of.split(':'))
  const front = groups(head)
  const back = groups(tail ?? '')
  const all = [...front, ...Array<string>(8 - front.length - back.length).fill('0'), ...back]
  return all.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n)
}

function addressOf(value: bigint, family: 4 | 6): string {
  const size = family === 4 ? 8n : 16n
  const parts = Array.from({ length: family === 4 ? 4 : 8 }, (_, i) => {
    const shift = size * BigInt((family === 4 ? 3 : 7) - i)
    return (value >> shift) & ((1n << size) - 1n)
  })
  if (family === 4) return parts.join('.')
  return new URL(`http://[${parts.map((one) => one.toString(16)).join(':')}]`).hostname.slice(1, -1)
}

/** All addresses of a family. */
export const wholeOf = (family: 4 | 6): { first: bigint; last: bigint } => ({
  first: 0n,
  last: (1n << BigInt(BITS[family])) - 1n,
})
