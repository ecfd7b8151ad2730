import type { JsonObject } from '../../core/events/json.ts'
import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import type { Reader } from '../../core/module/types.ts'
import { chooseSubsets, type SubsetName } from './facts/choose.ts'
import { globPattern } from './facts/glob.ts'
import { hardware } from './facts/hardware.ts'
import { formatFacts, keepFacts, parseFacts, staleSubsets } from './facts/kept.ts'
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
    const wanted = chooseSubsets(a.gather_subset)
    const { factStore: store } = host
    if (!store) return readFacts(host, wanted, a.gather_timeout)
    const found = await store.load()
    const kept = found && parseFacts(found.text, found.savedMs)
    const stale = staleSubsets(kept, wanted, store.age, Date.now())
    if (kept && stale.length === 0) return kept.facts
    const now = keepFacts(kept, await readFacts(host, stale, a.gather_timeout), stale, Date.now())
    await store.save(formatFacts(now))
    return now.facts
  },
  diff: () => [],
  apply: async () => undefined,
  result(facts, a) {
    const patterns = a.filter.filter((one) => one !== '' && one !== '*').map(globPattern)
    const wanted = (name: string): boolean =>
      patterns.length === 0 || patterns.some((p) => p.test(name) || p.test(name.replace(PREFIX, '')))
    return { ansible_facts: Object.fromEntries(Object.entries(facts).filter(([name]) => wanted(name))) }
  },
})

const PREFIX = /^ansible_/

/** Facts with their full names, all in one round trip. */
async function readFacts(host: Reader, subsets: readonly SubsetName[], seconds: number): Promise<JsonObject> {
  const answers = await Promise.all(
    subsets.map(async (name) => {
      const subset = READERS[name]
      const answer = await host.read(subset.script, { timeoutMs: seconds * 1000 })
      return subset.parse(answer.stdout.toString())
    }),
  )
  return Object.fromEntries(
    answers.flatMap((facts) => Object.entries(facts).map(([name, value]) => [`ansible_${name}`, value])),
  ) as JsonObject
}
