import type { JsonObject } from '../../core/events/json.ts'
import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { ModuleFailure } from '../../core/module/types.ts'
import { globPattern } from './facts/glob.ts'
import { hardware } from './facts/hardware.ts'
import { network } from './facts/network.ts'
import { platform } from './facts/platform.ts'
import type { FactSubset } from './facts/subset.ts'
import { virtual } from './facts/virtual.ts'

const SUBSETS: Record<string, FactSubset> = { min: platform, hardware, network, virtual }
const ALL = Object.keys(SUBSETS)
/** Names of Ansible's finer subsets, by the one of ours that holds them. */
const FINER: Record<string, string> = {
  distribution: 'min',
  platform: 'min',
  date_time: 'min',
  dns: 'min',
  user: 'min',
  cmdline: 'min',
  pkg_mgr: 'min',
  service_mgr: 'min',
  selinux: 'min',
  apparmor: 'min',
  env: 'min',
  ssh_pub_keys: 'min',
  lsb: 'min',
  python: 'min',
  fips: 'min',
  caps: 'min',
  local: 'min',
  interfaces: 'network',
  default_ipv4: 'network',
  processor: 'hardware',
  memory: 'hardware',
  mounts: 'hardware',
  devices: 'hardware',
  facter: 'min',
  ohai: 'min',
}

/** Which of our subsets a gather_subset list asks for; `min` is always among them unless `!min` is. */
export function chooseSubsets(list: readonly string[]): string[] {
  const chosen = new Set<string>()
  const dropped = new Set<string>()
  for (const word of list) {
    const negative = word.startsWith('!')
    const name = negative ? word.slice(1) : word
    const subset = name === 'all' ? 'all' : SUBSETS[name] ? name : FINER[name]
    if (subset === undefined) {
      throw new ModuleFailure(`unknown subset '${name}'`, {
        hint: `use all, ${ALL.join(', ')}, or one of them with ! in front`,
      })
    }
    if (negative) for (const one of subset === 'all' ? ALL.filter((n) => n !== 'min') : [subset]) dropped.add(one)
    else for (const one of subset === 'all' ? ALL : [subset]) chosen.add(one)
  }
  if (chosen.size === 0) for (const one of ALL) chosen.add(one)
  chosen.add('min')
  return ALL.filter((one) => chosen.has(one) && !dropped.has(one))
}

export default defineState({
  name: 'setup',
  aliases: ['gather_facts', 'ansible.builtin.gather_facts'],
  summary: 'Reads facts of a host.',
  args: arg.object({
    gather_subset: arg
      .list(arg.str())
      .default(['all'])
      .describe('all, min, hardware, network, virtual; ! takes one out'),
    filter: arg.list(arg.str()).default([]).describe('only facts whose names match one of these patterns'),
    gather_timeout: arg.int().default(10).describe('seconds for each subset'),
    fact_path: arg.str().optional().describe('accepted; local facts are not read'),
  }),
  returns: { ansible_facts: 'the facts, their names with the prefix ansible_' },
  examples: `
- setup: gather_subset=min,network
`,
  async probe(host, a): Promise<JsonObject> {
    const answers = await Promise.all(
      chooseSubsets(a.gather_subset).map(async (name) => {
        const subset = SUBSETS[name]!
        const answer = await host.read(subset.script, { timeoutMs: a.gather_timeout * 1000 })
        return subset.parse(answer.stdout.toString())
      }),
    )
    return Object.assign({}, ...answers) as JsonObject
  },
  diff: () => [],
  apply: async () => undefined,
  result(facts, a) {
    const patterns = a.filter.filter((one) => one !== '' && one !== '*').map(globPattern)
    const wanted = (name: string): boolean =>
      patterns.length === 0 || patterns.some((p) => p.test(name) || p.test(`ansible_${name}`))
    return {
      ansible_facts: Object.fromEntries(
        Object.entries(facts)
          .filter(([name]) => wanted(name))
          .map(([name, value]) => [`ansible_${name}`, value]),
      ),
    }
  },
})
