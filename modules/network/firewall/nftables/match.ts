import type { PortRange } from '../ports.ts'
import { parseSource, within } from '../source.ts'
import { isList, isMap, type Json, type JsonMap, type NftChain, type Ruleset, setKey } from './ruleset.ts'

/** New connections that somebody asks about. */
export interface Packets {
  readonly family: 4 | 6
  readonly ports: PortRange
  readonly source: { readonly first: bigint; readonly last: bigint }
}

/** Whether a match holds for those packets: for all, none, some (of their ports or interfaces), or nobody can tell. */
export type Holds = 'yes' | 'no' | 'some' | 'unknown'

/** One `match` of a rule. */
export function holds(match: JsonMap, packets: Packets, chain: NftChain, ruleset: Ruleset): Holds {
  const items = itemsOf(match.right, chain, ruleset)
  const { left, op } = match
  if (!isMap(left) || items === undefined) return 'unknown'
  const plain = judge(left, items, packets)
  if (op === '!=') return plain === 'yes' ? 'no' : plain === 'no' ? 'yes' : plain
  return op === '==' || op === 'in' ? plain : 'unknown'
}

function judge(left: JsonMap, items: readonly Json[], packets: Packets): Holds {
  const { payload, meta, ct } = left
  const { family, ports } = packets
  const oneOf = (...names: string[]): Holds => (items.some((item) => names.includes(String(item))) ? 'yes' : 'no')
  if (isMap(payload)) {
    const { protocol, field } = payload
    if (field === 'dport') return ['th', ports.protocol].includes(String(protocol)) ? judgePorts(items, ports) : 'no'
    if (field === 'saddr') {
      if (protocol !== (family === 4 ? 'ip' : 'ip6')) return 'no'
      return judgeSource(items, packets)
    }
    if (field === 'protocol' || field === 'nexthdr') return oneOf(ports.protocol, ports.protocol === 'tcp' ? '6' : '17')
    return 'unknown'
  }
  if (isMap(meta)) {
    if (meta.key === 'l4proto') return oneOf(ports.protocol, ports.protocol === 'tcp' ? '6' : '17')
    if (meta.key === 'nfproto') return oneOf(family === 4 ? 'ipv4' : 'ipv6')
    if (meta.key === 'protocol') return oneOf(family === 4 ? 'ip' : 'ip6')
    // What comes from the host itself is not asked about.
    if (meta.key === 'iif' || meta.key === 'iifname') return items.every((item) => item === 'lo') ? 'no' : 'some'
    return 'unknown'
  }
  if (isMap(ct) && ct.key === 'state') return oneOf('new')
  return 'unknown'
}

/** Right sides as a list: values, lists, anonymous and named sets. */
function itemsOf(right: Json | undefined, chain: NftChain, ruleset: Ruleset): readonly Json[] | undefined {
  if (isList(right)) return right
  if (isMap(right) && 'set' in right) return isList(right.set) ? right.set : right.set === undefined ? [] : [right.set]
  if (typeof right === 'string' && right.startsWith('@'))
    return ruleset.sets.get(setKey(chain.family, chain.table, right.slice(1))) ?? []
  return right === undefined ? undefined : [right]
}

/** An element with a time limit or a counter hides its value. */
const bare = (item: Json): Json => (isMap(item) && isMap(item.elem) ? (item.elem.val ?? null) : item)

function judgePorts(items: readonly Json[], ports: PortRange): Holds {
  const spans: [number, number][] = []
  for (const item of items.map(bare)) {
    const [first, last] = isMap(item) && isList(item.range) ? item.range : [item, item]
    if (typeof first !== 'number' || typeof last !== 'number') return 'unknown'
    spans.push([first, last])
  }
  let next = ports.first
  for (const [first, last] of spans.sort((a, b) => a[0] - b[0])) if (first <= next && last >= next) next = last + 1
  if (next > ports.last) return 'yes'
  return spans.some(([first, last]) => first <= ports.last && last >= ports.first) ? 'some' : 'no'
}

/** A part of the addresses is unknown, not some: it is somebody who was shut out by name. */
function judgeSource(items: readonly Json[], { source }: Packets): Holds {
  let apart = true
  for (const item of items.map(bare)) {
    const span = spanOf(item)
    if (!span) return 'unknown'
    const lies = within(source, span)
    if (lies === 'yes') return 'yes'
    if (lies === 'partly') apart = false
  }
  return apart ? 'no' : 'unknown'
}

function spanOf(item: Json): { first: bigint; last: bigint } | undefined {
  if (typeof item === 'string') return parseSource(item)
  if (!isMap(item)) return undefined
  if (isMap(item.prefix)) return parseSource(`${String(item.prefix.addr)}/${String(item.prefix.len)}`)
  if (!isList(item.range)) return undefined
  const [first, last] = item.range.map((one) => parseSource(String(one)))
  return first && last && { first: first.first, last: last.last }
}
