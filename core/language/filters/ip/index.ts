import { asIndex, intValue, iterate, PythonError, str, typeError } from '../../python/index.ts'
import type { FilterFunction } from '../../types.ts'
import type { Value } from '../../values.ts'
import { filterTable } from '../table.ts'
import { addressText, cidr, contains, first, last, type Network, parseNetwork, size, width } from './address.ts'
import { type Query, queryNamed, usable } from './query.ts'

function ask(input: Value, query: Query, version?: 4 | 6): Value {
  if (Array.isArray(input)) return input.map((x) => ask(x, query, version)).filter((x) => x !== false)
  if (typeof input === 'boolean' || input === null || input === '') return false
  const n = typeof input === 'number' ? parseNetwork(addressText(4, BigInt(input))) : parseNetwork(str(input))
  return !n || (version !== undefined && n.version !== version) ? false : query(n)
}

function network(value: Value): Network {
  const n = parseNetwork(str(value))
  if (!n) throw new PythonError('FilterError', `'${str(value)}' is not an address or a network`)
  return n
}

/** The count of subnets of a size, the one at an index, or, for a network as query, the address's place in it. */
function subnets(input: Value, query: Value | undefined, index: Value | undefined): Value {
  const n = parseNetwork(str(input))
  if (!n) return false
  if (query === undefined || query === '') return cidr(n)
  const length = Number(str(query))
  if (Number.isNaN(length)) return rank(n, network(query))
  const inner = { ...n, address: first(n), prefix: length }
  if (index === undefined) {
    if (n.prefix === width(n)) return cidr({ ...n, prefix: length })
    return length < n.prefix ? false : intValue(1n << BigInt(length - n.prefix))
  }
  const at = BigInt(asIndex(typeof index === 'string' ? Number(index) : index))
  if (n.prefix === width(n)) return at >= 0n ? cidr({ ...n, prefix: length + Number(at) }) : false
  const total = 1n << BigInt(Math.max(0, length - n.prefix))
  const position = at < 0n ? total + at : at
  return position < 0n || position >= total
    ? false
    : cidr({ ...inner, address: inner.address + position * size(inner) })
}

function rank(inner: Network, outer: Network): Value {
  if (!contains(outer, inner))
    throw new PythonError('FilterError', `${cidr(inner)} is not in the subnet ${cidr(outer)}`)
  return intValue((first(inner) - first(outer)) / size(inner) + 1n)
}

/** Neighbours joined to the fewest networks that cover the same, or the one that spans all. */
function merge(input: readonly Value[], action: string): Value {
  const networks = input.map(network)
  if (action === 'span') return networks.length === 0 ? null : cidr(span(networks))
  if (action !== 'merge') throw new PythonError('FilterError', `cidr_merge: invalid action '${action}'`)
  const sorted = [...networks].sort(
    (a, b) => a.version - b.version || compare(first(a), first(b)) || a.prefix - b.prefix,
  )
  const out: Network[] = []
  for (const n of sorted) {
    const before = out.at(-1)
    if (before && contains(before, n)) continue
    out.push({ ...n, address: first(n) })
    for (let pair = joined(out); pair; pair = joined(out)) out.splice(-2, 2, pair)
  }
  return out.map(cidr)
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function joined(list: readonly Network[]): Network | undefined {
  const [a, b] = list.slice(-2)
  if (!a || !b || a.version !== b.version || a.prefix !== b.prefix || a.prefix === 0) return undefined
  const wider = { ...a, prefix: a.prefix - 1 }
  return first(wider) === first(a) && contains(wider, b) ? wider : undefined
}

function span(networks: readonly Network[]): Network {
  return networks.slice(1).reduce((wide, n) => {
    let next = wide
    while (!contains(next, n) && next.prefix > 0) next = { ...next, prefix: next.prefix - 1 }
    return next
  }, networks[0] ?? network('0.0.0.0/0'))
}

function nextUsable(input: Value, offset: Value | undefined): Value {
  const n = network(input)
  const value = n.address + BigInt(offset === undefined ? 1 : asIndex(offset))
  const [from, to] = usable(n)
  return value < from || value > to ? false : addressText(n.version, value)
}

/** Filters of addresses and networks. */
export const ipFilters: [string, FilterFunction][] = filterTable({
  'ipaddr query? version? alias?': (v, [query, version]) =>
    ask(v, queryNamed(query ?? ''), version === 4 || version === 6 ? version : undefined),
  'ipv4 query?': (v, [query]) => ask(v, queryNamed(query ?? ''), 4),
  'ipv6 query?': (v, [query]) => ask(v, queryNamed(query ?? ''), 6),
  'ipsubnet query? index?': (v, [query, index]) => subnets(v, query, index),
  'ipmath amount': (v, [amount]) => {
    const n = network(v)
    return addressText(n.version, n.address + BigInt(asIndex(amount ?? null)))
  },
  'nthhost query?': (v, [query]) => {
    const n = network(v)
    const index = BigInt(asIndex(query ?? 0))
    const value = index < 0n ? last(n) + 1n + index : first(n) + index
    return value < first(n) || value > last(n) ? false : addressText(n.version, value)
  },
  'next_nth_usable offset?': (v, [offset]) => nextUsable(v, offset),
  'previous_nth_usable offset?': (v, [offset]) => nextUsable(v, -asIndex(offset ?? 1)),
  'network_in_usable test': (v, [test]) => {
    const [from, to] = usable(network(v))
    const inner = network(test ?? null)
    return first(inner) >= from && last(inner) <= to
  },
  'network_in_network test': (v, [test]) => contains(network(v), network(test ?? null)),
  'cidr_merge action?': (v, [action]) => {
    if (!Array.isArray(v)) throw typeError('cidr_merge: expected iterable')
    return merge(iterate(v), str(action ?? 'merge'))
  },
})
