import type { BlockJob, DomainInterface, DomainJob, DomainStats } from '../api/states.ts'

/*
 * virsh's answers that are fields, one a line.
 */

/** `Name:    value` by name. */
export function fields(output: string): Map<string, string> {
  const result = new Map<string, string>()
  for (const line of output.split('\n')) {
    const match = /^\s*([^:]+):\s+(.*?)\s*$/.exec(line)
    if (match?.[1] !== undefined && match[2] !== undefined) result.set(match[1], match[2])
  }
  return result
}

/** `key=value` by key. */
export function assignments(output: string): Map<string, string> {
  const result = new Map<string, string>()
  for (const line of output.split('\n')) {
    const at = line.indexOf('=')
    if (at > 0) result.set(line.slice(0, at).trim(), line.slice(at + 1).trim())
  }
  return result
}

/** The whole number a field begins with; 0 if it does not. */
export const amount = (text: string | undefined): number => Number(/^-?\d+/.exec(text ?? '')?.[0] ?? 0)

/** `domstats --raw`. */
export function statsBlocks(output: string): DomainStats[] {
  return output
    .split(/^Domain: '/m)
    .slice(1)
    .map((block) => {
      const end = block.indexOf("'\n")
      return { name: block.slice(0, end), values: Object.fromEntries(assignments(block.slice(end + 1))) }
    })
}

/** `domifaddr --full`: name, MAC, protocol, address; the name may hold spaces. */
export function interfaceRows(output: string): DomainInterface[] {
  const found = new Map<string, { mac: string | undefined; addresses: { address: string; prefix: number }[] }>()
  for (const line of output.split('\n')) {
    const match = /^ ?(\S.*?)\s+(\S+)\s+(ipv[46]|N\/A)\s+(\S+)\s*$/.exec(line)
    const [, name, mac, protocol, written] = match ?? []
    if (name === undefined || mac === undefined || written === undefined) continue
    const entry = found.get(name) ?? { mac: /^[0-9a-f:]{11,}$/i.test(mac) ? mac : undefined, addresses: [] }
    const [address = '', prefix] = written.split('/')
    if (prefix !== undefined && protocol !== 'N/A') entry.addresses.push({ address, prefix: Number(prefix) })
    found.set(name, entry)
  }
  return [...found].map(([name, entry]) => ({ name, ...entry }))
}

const SCALE: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 }

/** `domjobinfo`. */
export function jobOf(output: string): DomainJob {
  const all = fields(output)
  const size = (name: string): number | undefined => {
    const [, number, unit = ''] = /^([\d.]+)\s+(\w+)/.exec(all.get(name) ?? '') ?? []
    return number === undefined ? undefined : Math.round(Number(number) * (SCALE[unit] ?? 1))
  }
  const elapsed = all.get('Time elapsed')
  const word = (all.get('Job type') ?? 'None').toLowerCase()
  return {
    type: JOB_TYPES.find((t) => t === word) ?? 'none',
    elapsedMs: elapsed === undefined ? undefined : amount(elapsed),
    total: size('Data total'),
    processed: size('Data processed'),
    remaining: size('Data remaining'),
  }
}

const JOB_TYPES = ['none', 'bounded', 'unbounded', 'completed', 'failed', 'cancelled'] as const

/** `blockjob --raw`; undefined if there is no job. */
export function blockJobOf(output: string): BlockJob | undefined {
  const all = assignments(output)
  const type = all.get('type')
  if (type === undefined) return undefined
  const word = type.toLowerCase().replace(/^(active )?block /, '$1')
  return {
    type: BLOCK_JOBS.find((t) => t === word) ?? 'unknown',
    current: amount(all.get('cur')),
    end: amount(all.get('end')),
  }
}

const BLOCK_JOBS = ['unknown', 'pull', 'copy', 'commit', 'active commit', 'backup'] as const
