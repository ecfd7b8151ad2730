import { sh } from '../../../core/connection/quote.ts'
import type { Json, JsonObject } from '../../../core/events/json.ts'
import { type FactSubset, sections } from './subset.ts'

/** Interfaces, addresses and default routes, from iproute2's JSON. */
export const network: FactSubset = {
  script: sh.raw(`echo @@addresses; ip -j addr 2>/dev/null
echo @@routes4; ip -j -4 route get 192.0.2.1 2>/dev/null
echo @@routes6; ip -j -6 route get 2001:db8::1 2>/dev/null
echo @@bridges; for d in /sys/class/net/*/bridge; do d=\${d%/bridge}; echo "\${d##*/}"; done
exit 0`),
  parse(output) {
    const part = sections(output)
    const links = json(part.get('addresses')) as unknown as Link[]
    const bridges = new Map((part.get('bridges') ?? '').split('\n').map((name) => [name, [] as string[]]))
    for (const link of links) if (link.master !== undefined) bridges.get(link.master)?.push(link.ifname)
    const facts: Record<string, Json> = { interfaces: links.map((link) => link.ifname) }
    for (const link of links) facts[link.ifname.replace(/[-.:]/g, '_')] = describe(link, bridges)
    const global = (family: string): string[] =>
      links.flatMap((link) =>
        (link.addr_info ?? []).filter((a) => a.family === family && a.scope !== 'host').map((a) => a.local ?? ''),
      )
    return {
      ...facts,
      all_ipv4_addresses: global('inet'),
      all_ipv6_addresses: global('inet6'),
      default_ipv4: defaultRoute(json(part.get('routes4')) as unknown as Route[], links, 'inet'),
      default_ipv6: defaultRoute(json(part.get('routes6')) as unknown as Route[], links, 'inet6'),
    }
  },
}

interface Address {
  family: string
  local?: string
  prefixlen: number
  scope: string
  broadcast?: string
}
interface Link {
  ifname: string
  master?: string
  address?: string
  mtu: number
  operstate: string
  link_type: string
  flags?: string[]
  addr_info?: Address[]
}
interface Route {
  gateway?: string
  dev?: string
  prefsrc?: string
}

function json(text: string | undefined): unknown[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}

function describe(link: Link, bridges: ReadonlyMap<string, string[]>): JsonObject {
  const of = (family: string): Address[] => (link.addr_info ?? []).filter((a) => a.family === family)
  const [first, ...more] = of('inet')
  const ports = bridges.get(link.ifname)
  return {
    device: link.ifname,
    active: link.operstate === 'UP' || (link.flags ?? []).includes('LOWER_UP'),
    mtu: link.mtu,
    type: ports ? 'bridge' : link.link_type,
    ...(link.address !== undefined && { macaddress: link.address }),
    ...(ports && { interfaces: ports.sort() }),
    ...(first && { ipv4: ipv4(first) }),
    ...(more.length > 0 && { ipv4_secondaries: more.map(ipv4) }),
    ipv6: of('inet6').map((a) => ({ address: a.local ?? '', prefix: String(a.prefixlen), scope: a.scope })),
  }
}

function ipv4(address: Address): JsonObject {
  const mask = address.prefixlen === 0 ? 0 : (0xffffffff << (32 - address.prefixlen)) >>> 0
  const bits = (address.local ?? '0.0.0.0').split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  return {
    address: address.local ?? '',
    prefix: String(address.prefixlen),
    netmask: dotted(mask),
    network: dotted((bits & mask) >>> 0),
    broadcast: address.broadcast ?? '',
  }
}

const dotted = (bits: number): string => [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.')

function defaultRoute([route]: Route[], links: readonly Link[], family: string): JsonObject {
  const link = links.find((one) => one.ifname === route?.dev)
  if (!route || !link) return {}
  const address = (link.addr_info ?? []).find((a) => a.local === route.prefsrc)
  return {
    interface: link.ifname,
    alias: link.ifname,
    ...(route.gateway !== undefined && { gateway: route.gateway }),
    address: route.prefsrc ?? '',
    ...(link.address !== undefined && { macaddress: link.address }),
    mtu: link.mtu,
    type: link.link_type,
    ...(address && family === 'inet' && ipv4(address)),
  }
}
