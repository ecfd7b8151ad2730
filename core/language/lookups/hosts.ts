import { wildcard } from '../filters/glob.ts'
import { iterate, str } from '../python/index.ts'
import type { LookupFunction } from '../types.ts'
import type { Value } from '../values.ts'

/** Hosts of the scope's `groups` by a pattern: names, wildcards, `a:b`, `:&c`, `:!d`. */
function matching(pattern: string, groups: ReadonlyMap<string, readonly string[]>): string[] {
  const all = groups.get('all') ?? []
  const parts = pattern
    .split(/[,:](?![^[]*\])/)
    .map((p) => p.trim())
    .filter((p) => p !== '')
  const select = (name: string): string[] => {
    const regex = wildcard(name)
    const inGroups = [...groups].filter(([g]) => regex.test(g)).flatMap(([, hosts]) => hosts)
    const wanted = new Set([...inGroups, ...all.filter((h) => regex.test(h))])
    return all.filter((h) => wanted.has(h))
  }
  const plain = parts.filter((p) => !/^[&!]/.test(p))
  let hosts = plain.length === 0 ? [...all] : [...new Set(plain.flatMap(select))]
  for (const p of parts) {
    const chosen = new Set(select(p.slice(1)))
    if (p.startsWith('&')) hosts = hosts.filter((h) => chosen.has(h))
    if (p.startsWith('!')) hosts = hosts.filter((h) => !chosen.has(h))
  }
  return hosts
}

function groupsOf(value: Value | undefined): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, readonly string[]>()
  if (value instanceof Map) for (const [name, hosts] of value) groups.set(str(name), iterate(hosts).map(str))
  return groups
}

/** Names of the hosts that match the patterns, in the order of the inventory. */
export const inventoryHostnames: LookupFunction = (terms, _, context) => {
  const groups = groupsOf(context.scope.get('groups'))
  return [...new Set(terms.flatMap((term) => matching(str(term), groups)))]
}
