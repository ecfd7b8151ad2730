import { isIP } from 'node:net'
import { ModuleFailure } from '../../../core/module/types.ts'

/** An address with prefix, and so many further on in its network. Raises ModuleFailure for one that is none, or is outside of it. */
export function countedAddress(text: string, steps: number): string {
  const [ip = '', prefix = '', ...more] = text.split('/')
  const version = more.length > 0 || ip.includes('%') ? 0 : isIP(ip)
  const bits = version === 6 ? 128 : 32
  if (version === 0 || !/^\d+$/.test(prefix) || Number(prefix) > bits)
    throw new ModuleFailure(`address '${text}' is not an address with prefix`, { hint: 'such as 192.0.2.10/24' })
  const first = version === 6 ? numberOf6(ip) : numberOf4(ip)
  const last = first + BigInt(steps)
  const host = BigInt(bits - Number(prefix))
  if (first >> host !== last >> host || (version === 4 && Number(prefix) < 31 && isEdge(last, host)))
    throw new ModuleFailure(`the network of ${text} has no room for ${steps + 1} VMs from there`)
  return `${version === 6 ? text6(last) : text4(last)}/${prefix}`
}

/** The address of the network itself, or of its broadcast. */
const isEdge = (address: bigint, host: bigint): boolean => {
  const mask = (1n << host) - 1n
  return (address & mask) === 0n || (address & mask) === mask
}

const numberOf4 = (ip: string): bigint => ip.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n)
const text4 = (n: bigint): string => [24n, 16n, 8n, 0n].map((shift) => String((n >> shift) & 255n)).join('.')

function numberOf6(ip: string): bigint {
  const [head = '', tail] = ip.split('::')
  const words = (part: string): string[] =>
    part === '' ? [] : part.split(':').flatMap((word) => (word.includes('.') ? mapped(word) : [word]))
  const [left, right] = [words(head), tail === undefined ? [] : words(tail)]
  const gap = tail === undefined ? [] : Array<string>(8 - left.length - right.length).fill('0')
  return [...left, ...gap, ...right].reduce((sum, word) => (sum << 16n) | BigInt(`0x${word}`), 0n)
}

function mapped(ip: string): string[] {
  const n = numberOf4(ip)
  return [(n >> 16n).toString(16), (n & 0xffffn).toString(16)]
}

const text6 = (n: bigint): string =>
  Array.from({ length: 8 }, (_, i) => ((n >> BigInt(112 - 16 * i)) & 0xffffn).toString(16)).join(':')
