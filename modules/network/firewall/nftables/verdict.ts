import { type Holds, holds, type Packets } from './match.ts'
import { isList, isMap, type Json, type JsonMap, type NftChain, type NftRule, type Ruleset, setKey } from './ruleset.ts'

/** What becomes of new connections in a chain. */
type Verdict = 'accept' | 'drop' | 'through'

/** The kernel allows 16 jumps into one another. */
const DEEPEST = 16
/** Rules looked at for one question; a ruleset may lead through the same chain again and again. */
const MOST = 500_000

/**
 * Chains that hooks of input lead to, and that close what is asked about, wholly or in part. A rule that accepts counts where it surely
 * holds for all of it. One that drops or rejects counts for a part of the ports too, and where only the interface is open; what it does to
 * some addresses, states or rates is somebody's ban or limit, and does not make a closed port. `skip`: a chain that is not followed.
 */
export function closingChains(ruleset: Ruleset, packets: Packets, skip: string): NftChain[] {
  const families = ['inet', packets.family === 4 ? 'ip' : 'ip6']
  const byKey = new Map(ruleset.chains.map((one) => [setKey(one.family, one.table, one.name), one]))
  let looked = 0

  function walk(chain: NftChain, depth: number): Verdict {
    for (const rule of chain.rules) {
      for (const { certain, act, target } of outcomes(rule, packets, chain, ruleset)) {
        if (++looked > MOST) return 'drop'
        const reached = certain !== 'unknown'
        if (act === 'accept' && certain === 'yes') return 'accept'
        if (act === 'drop' && reached) return 'drop'
        if (act === 'return' && certain === 'yes') return 'through'
        if (target === undefined || target === skip || depth >= DEEPEST) continue
        const next = byKey.get(setKey(chain.family, chain.table, target))
        const verdict = next ? walk(next, depth + 1) : 'through'
        if (verdict === 'drop' && reached) return 'drop'
        if (certain === 'yes' && (verdict === 'accept' || act === 'goto')) return verdict
      }
    }
    return 'through'
  }

  return ruleset.chains.filter(({ base, family, ...chain }) => {
    if (base?.hook !== 'input' || base.type !== 'filter' || !families.includes(family)) return false
    const verdict = walk({ base, family, ...chain }, 0)
    return verdict === 'drop' || (verdict === 'through' && base.policy === 'drop')
  })
}

interface Outcome {
  readonly certain: Holds
  readonly act: string
  readonly target: string | undefined
}

/** Statements that let a packet go on to the next one. */
const PASSING = new Set(['counter', 'log', 'comment', 'mangle', 'notrack', 'ct helper', 'set', 'map'])

/** What a rule does to those packets: nothing, one thing, or one for each interface. */
function outcomes(rule: NftRule, packets: Packets, chain: NftChain, ruleset: Ruleset): Outcome[] {
  let certain: Holds = 'yes'
  for (const statement of rule.expr) {
    if (!isMap(statement)) continue
    const [kind = ''] = Object.keys(statement)
    const value = statement[kind]
    if (kind === 'match' && isMap(value)) {
      const one = holds(value, packets, chain, ruleset)
      if (one === 'no') return []
      if (one === 'unknown' || (one === 'some' && certain === 'yes')) certain = one
      continue
    }
    const act = actOf(statement)
    if (act) return [{ certain, ...act }]
    if (kind === 'vmap' && isMap(value)) return certain === 'unknown' ? [] : byInterface(value)
    if (!PASSING.has(kind)) certain = 'unknown'
  }
  return []
}

function actOf(statement: Json | undefined): Pick<Outcome, 'act' | 'target'> | undefined {
  if (!isMap(statement)) return undefined
  const [kind = ''] = Object.keys(statement)
  const value = statement[kind]
  if (kind === 'accept' || kind === 'return' || kind === 'drop') return { act: kind, target: undefined }
  if (kind === 'reject') return { act: 'drop', target: undefined }
  return (kind === 'jump' || kind === 'goto') && isMap(value) ? { act: kind, target: String(value.target) } : undefined
}

/** What a map of verdicts does by the interface, other than that of the host itself; maps by anything else tell nothing. */
function byInterface({ key, data }: JsonMap): Outcome[] {
  const meta = isMap(key) && isMap(key.meta) ? key.meta.key : undefined
  const entries = isMap(data) && isList(data.set) ? data.set : []
  if (meta !== 'iif' && meta !== 'iifname') return []
  return entries.flatMap((entry) => {
    const act = isList(entry) && entry[0] !== 'lo' ? actOf(entry[1]) : undefined
    return act ? [{ certain: 'some' as const, ...act }] : []
  })
}
