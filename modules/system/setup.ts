import type { JsonObject } from '../../core/events/json.ts'
import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { chooseSubsets, type SubsetName } from './facts/choose.ts'
import { globPattern } from './facts/glob.ts'
import { hardware } from './facts/hardware.ts'
import { network } from './facts/network.ts'
import { platform } from './facts/platform.ts'
import type { FactSubset } from './facts/subset.ts'
import { virtual } from './facts/virtual.ts'

const READERS: Record<SubsetName, FactSubset> = { min: platform, hardware, network, virtual }

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
        const subset = READERS[name]
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
