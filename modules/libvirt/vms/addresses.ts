import { isIP } from 'node:net'
import { ModuleFailure } from '../../../core/module/types.ts'
import type { VmsArgs } from './args.ts'

/**
 * The fixed address of each VM, with prefix: its own, or the task's counted on from the first VM. Raises ModuleFailure for one that is
 * none, is outside of its network, or is given twice.
 */
export function fixedAddresses(args: VmsArgs, names: readonly string[]): Map<string, string> {
  const found = new Map<string, string>()
  for (const [i, name] of names.entries()) {
    const own = args.overrides.find((o) => o.name === name)?.address
    const given = own ?? args.address
    if (given === undefined) continue
    const address = counted(given, own === undefined ? i : 0)
    const other = [...found].find(([, taken]) => taken.split('/')[0] === address.split('/')[0])
    if (other) throw new ModuleFailure(`${address} would be the address of '${other[0]}' and of '${name}'`)
    found.set(name, address)
  }
  if (found.size > 0 && args.cloud_init === undefined)
    throw new ModuleFailure('address needs cloud_init, which gives it to the VM', { hint: 'cloud_init: {} is enough' })
  if (found.size > 0 && args.cloud_init?.network_config !== undefined)
    throw new ModuleFailure('address and network_config exclude one another')
  for (const [what, addresses] of [
    ['gateway', args.gateway === undefined ? [] : [args.gateway]],
    ['nameservers', args.nameservers],
  ] as const) {
    const bad = addresses.find((one) => isIP(one) === 0)
    if (bad !== undefined) throw new ModuleFailure(`${what}: '${bad}' is not an address`)
  }
  return found
}

function counted(text: string, steps: number): string {
  const [ip = '', prefix = ''] = text.split('/')
  const version = isIP(ip)
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
