import { PythonError } from '../../python/index.ts'
import type { Value } from '../../values.ts'
import {
  addressText,
  cidr,
  contains,
  first,
  last,
  type Network,
  netmask,
  parseNetwork,
  size,
  width,
} from './address.ts'

/** What a query gives for an address; false when the address does not fit. */
export type Query = (n: Network) => Value

function text(n: Network, value: bigint): string {
  return addressText(n.version, value)
}

function inRanges(n: Network, ...ranges: string[]): boolean {
  return ranges.some((r) => {
    const range = parseNetwork(r)
    return range !== undefined && range.version === n.version && contains(range, { ...n, prefix: width(n) })
  })
}

/** A host in a network, rather than the network itself. */
function isHost(n: Network): boolean {
  return n.prefix === width(n) || n.address !== first(n) || size(n) <= 2n
}

/** First and last address a host may have. */
export function usable(n: Network): [bigint, bigint] {
  return size(n) <= 2n ? [first(n), last(n)] : [first(n) + 1n, n.version === 4 ? last(n) - 1n : last(n)]
}

const isPrivate: Query = (n) => inRanges(n, '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fec0::/10')
const isLoopback: Query = (n) => inRanges(n, '127.0.0.0/8', '::1/128')
const isMulticast: Query = (n) => inRanges(n, '224.0.0.0/4', 'ff00::/8')
const isLinkLocal: Query = (n) => inRanges(n, '169.254.0.0/16', 'fe80::/10')
const isPublic: Query = (n) =>
  !isPrivate(n) &&
  !isLoopback(n) &&
  !isMulticast(n) &&
  !isLinkLocal(n) &&
  !inRanges(n, '0.0.0.0/8', '240.0.0.0/4', '192.0.2.0/24', '198.18.0.0/15', '::/128', '2001:db8::/32')

function own(n: Network): string {
  return n.hasPrefix ? `${text(n, n.address)}/${n.prefix}` : text(n, n.address)
}

function when(test: Query): Query {
  return (n) => (test(n) === true ? own(n) : false)
}

function hostNetwork(n: Network): Value {
  return isHost(n) ? `${text(n, n.address)}/${n.prefix}` : false
}

const address: Query = (n) =>
  n.prefix < width(n) && n.address === first(n) && size(n) > 2n ? false : text(n, n.address)
const network: Query = (n) => text(n, first(n))
const prefix: Query = (n) => n.prefix
const subnet: Query = (n) => cidr(n)

const table: Record<string, Query> = {
  '': own,
  address,
  ip: address,
  network,
  network_id: network,
  netmask: (n) => text(n, netmask(n)),
  hostmask: (n) => text(n, last(n) - first(n)),
  wildcard: (n) => text(n, last(n) - first(n)),
  prefix,
  broadcast: (n) => (size(n) > 2n ? text(n, last(n)) : false),
  subnet,
  net: (n) => (!isHost(n) || (n.hasPrefix && n.prefix === width(n)) ? cidr(n) : false),
  'network/prefix': subnet,
  cidr: own,
  host: hostNetwork,
  hostnet: hostNetwork,
  router: hostNetwork,
  'host/prefix': hostNetwork,
  'address/prefix': hostNetwork,
  'ip/prefix': hostNetwork,
  gateway: hostNetwork,
  gw: hostNetwork,
  ip_netmask: (n) => `${text(n, n.address)} ${text(n, netmask(n))}`,
  network_netmask: (n) => `${text(n, first(n))} ${text(n, netmask(n))}`,
  ip_wildcard: (n) => `${text(n, n.address)} ${text(n, last(n) - first(n))}`,
  network_wildcard: (n) => `${text(n, first(n))} ${text(n, last(n) - first(n))}`,
  size: (n) => numberOf(size(n)),
  size_usable: (n) => numberOf(usable(n)[1] - usable(n)[0] + 1n),
  first_usable: (n) => text(n, usable(n)[0]),
  last_usable: (n) => text(n, usable(n)[1]),
  range_usable: (n) => `${text(n, usable(n)[0])}-${text(n, usable(n)[1])}`,
  next_usable: (n) => (n.address + 1n <= usable(n)[1] ? text(n, n.address + 1n) : false),
  previous_usable: (n) => (n.address - 1n >= usable(n)[0] ? text(n, n.address - 1n) : false),
  peer: (n) => peer(n),
  int: (n) => numberOf(n.address),
  bool: () => true,
  version: (n) => n.version,
  ipv4: (n) => (n.version === 4 ? own(n) : false),
  ipv6: (n) => (n.version === 6 ? own(n) : false),
  type: (n) => (n.prefix === width(n) || isHost(n) ? 'address' : 'network'),
  revdns: (n) => reverseName(n),
  private: when(isPrivate),
  public: when(isPublic),
  loopback: when(isLoopback),
  lo: when(isLoopback),
  multicast: when(isMulticast),
  unicast: when((n) => !isMulticast(n)),
  'link-local': when(isLinkLocal),
}

function numberOf(v: bigint): number | bigint {
  return Number.isSafeInteger(Number(v)) ? Number(v) : v
}

function peer(n: Network): Value {
  if (size(n) === 2n) return text(n, n.address ^ 1n)
  if (size(n) !== 4n) throw new PythonError('FilterError', 'Not a point-to-point network')
  if (n.address === first(n) || n.address === last(n))
    throw new PythonError('FilterError', `${own(n)} is not a host address of /30`)
  return text(n, n.address ^ 3n)
}

function reverseName(n: Network): string {
  if (n.version === 4) return `${text(n, n.address).split('.').reverse().join('.')}.in-addr.arpa.`
  return `${[...n.address.toString(16).padStart(32, '0')].reverse().join('.')}.ip6.arpa.`
}

/** The query by its name, by an index into the network, or by a network the address must lie in. */
export function queryNamed(name: Value): Query {
  const index =
    typeof name === 'number' ? name : typeof name === 'string' && /^-?\d+$/.test(name) ? Number(name) : undefined
  if (index !== undefined) return (n) => nth(n, BigInt(index))
  const query = String(name ?? '')
  if (Object.hasOwn(table, query)) return table[query] ?? own
  const range = parseNetwork(query)
  if (!range) throw new PythonError('FilterError', `ipaddr: unknown filter type: ${query}`)
  return (n) => (contains(range, { ...n, prefix: width(n) }) ? own(n) : false)
}

/** The address at an index of the network, counted from its end when negative, with the prefix. */
function nth(n: Network, index: bigint): Value {
  const value = index < 0n ? last(n) + 1n + index : first(n) + index
  return value < first(n) || value > last(n) ? false : `${text(n, value)}/${n.prefix}`
}
