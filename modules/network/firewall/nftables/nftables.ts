import { type Change, ModuleFailure } from '../../../../core/module/types.ts'
import type { Firewall } from '../backend.ts'
import { type Opening, openingText } from '../opening.ts'
import { wholeOf } from '../source.ts'
import { type Kept, keptRule, keptText, parseKept } from './file.ts'
import { KEPT_FILE, setInclude } from './include.ts'
import { isOurJump, isWritable, OUR_CHAIN, openingOfRule } from './rules.ts'
import type { NftChain, NftRule, Ruleset } from './ruleset.ts'
import { type NftPlan, nftScript } from './script.ts'
import { closingChains } from './verdict.ts'

/** What was found of nftables on a host. */
export interface NftState {
  readonly ruleset: Ruleset
  /** The file that the service loads at boot; undefined where there is none that we know. */
  readonly main: { readonly path: string; readonly text: string } | undefined
  /** Our file; empty where there is none. */
  readonly kept: string
  /** Whether the service loads it at boot; undefined where nothing tells. */
  readonly enabled: boolean | undefined
}

/** Chains of programs that write their tables anew themselves, and are asked by their own tools. */
const isForeign = ({ family, table, name }: NftChain): boolean =>
  table === 'firewalld' || (family !== 'inet' && table === 'filter' && name === 'INPUT')

/** Chains that close an opening, as nftables rules a host by itself. */
export function closing(ruleset: Ruleset, { ports, source }: Opening): NftChain[] {
  const found = (source ? [source.family] : ([4, 6] as const)).flatMap((family) =>
    closingChains(ruleset, { family, ports, source: source ?? wholeOf(family) }, OUR_CHAIN),
  )
  return [...new Set(found)].filter((chain) => !isForeign(chain))
}

/** Whether anything of ours is in the ruleset or in the file. */
export const hasOurs = ({ ruleset, kept }: NftState): boolean =>
  kept !== '' || ruleset.chains.some((chain) => chain.name === OUR_CHAIN)

/** nftables without a program above it: see docs/adr/0009-nftables.md. */
export function nftables(state: NftState): Firewall {
  return {
    name: 'nftables',
    changes(openings, wanted) {
      const plan = planOf(state, openings, wanted)
      return [...plan.told, ...fileChanges(state, plan)]
    },
    script: (openings, wanted) => nftScript(state, planOf(state, openings, wanted)),
    warnings(openings, wanted) {
      if (
        state.enabled !== false ||
        (wanted === 'absent' ? !hasOurs(state) : openings.every((o) => closing(state.ruleset, o).length === 0))
      )
        return []
      return ['nftables.service is not enabled: nothing loads this ruleset at boot']
    },
  }
}

function planOf(state: NftState, openings: readonly Opening[], wanted: 'present' | 'absent'): NftPlan {
  const before = parseKept(state.kept)
  const part = wanted === 'present' ? planPresent(state, openings, before) : planAbsent(state, openings, before)
  const kept = keptText(part.kept)
  if (state.main?.text.includes('\uFFFD')) throw new ModuleFailure(`${state.main.path} is not UTF-8 text`)
  if (state.main) return { ...part, kept, main: setInclude(state.main.text, kept !== '') }
  if (kept !== '')
    throw new ModuleFailure('nothing that we know loads the ruleset of this host at boot', {
      hint: '/etc/nftables.conf or /etc/sysconfig/nftables.conf must be there',
    })
  return { ...part, kept, main: undefined }
}

interface Part extends Pick<NftPlan, 'told' | 'live' | 'jumps'> {
  readonly kept: Kept
}

const ownChain = (ruleset: Ruleset, { family, table }: NftChain): NftChain | undefined =>
  ruleset.chains.find((chain) => chain.family === family && chain.table === table && chain.name === OUR_CHAIN)

function planPresent({ ruleset }: NftState, openings: readonly Opening[], before: Kept): Part {
  const told: Change[] = []
  const live = new Set<string>()
  const added: string[] = []
  const jumps = new Map(before.jumps.map((one) => [JSON.stringify([one.family, one.table, one.name]), one]))
  const rules = [...before.rules]
  for (const opening of openings) {
    for (const place of closing(ruleset, opening)) {
      if (!isWritable(place))
        throw new ModuleFailure(`the chain ${place.table} ${place.name} has a name that nft cannot read back`)
      const { family, table, name } = place
      const rule = keptRule(place, opening)
      const own = ownChain(ruleset, place)
      const has = own?.rules.some((one) => openingOfRule(one) === rule.opens) ?? false
      const jumped = place.rules.some(isOurJump)
      if (!has || !jumped) {
        told.push({ path: `nftables ${family} ${table} ${name} ${rule.opens}`, after: 'open', effect: 'now' })
        live.add(`add chain ${family} ${table} ${OUR_CHAIN}`)
      }
      if (!jumped) live.add(`insert rule ${family} ${table} ${name} jump ${OUR_CHAIN} comment "virtfleet"`)
      if (!has) added.push(`add rule ${family} ${table} ${OUR_CHAIN} ${rule.text}`)
      jumps.set(JSON.stringify([family, table, name]), { family, table, name })
      if (!rules.some((one) => one.family === family && one.table === table && one.opens === rule.opens))
        rules.push(rule)
    }
  }
  // Two chains of one table share the rule.
  return { told, live: [...live, ...new Set(added)], jumps: [], kept: { jumps: [...jumps.values()], rules } }
}

function planAbsent({ ruleset }: NftState, openings: readonly Opening[], before: Kept): Part {
  const gone = new Set(openings.map(openingText))
  const isGone = (rule: NftRule): boolean => gone.has(openingOfRule(rule) ?? '')
  const told: Change[] = []
  const live: string[] = []
  const jumps: NftPlan['jumps'][number][] = []
  for (const own of ruleset.chains.filter((chain) => chain.name === OUR_CHAIN)) {
    const where = `${own.family} ${own.table}`
    const found = own.rules.filter(isGone)
    if (found.length === 0) continue
    if (!isWritable(own)) throw new ModuleFailure(`the table ${own.table} has a name that nft cannot read back`)
    for (const rule of found) {
      told.push({ path: `nftables ${where} ${openingOfRule(rule)}`, before: 'open', effect: 'now' })
      live.push(`delete rule ${where} ${OUR_CHAIN} handle ${rule.handle}`)
    }
    if (found.length < own.rules.length) continue
    for (const chain of ruleset.chains.filter((one) => one.family === own.family && one.table === own.table)) {
      for (const jump of chain.rules.filter(isOurJump)) {
        jumps.push({ family: chain.family, table: chain.table, name: chain.name, handle: jump.handle })
        live.push(`delete rule ${where} ${chain.name} handle ${jump.handle}`)
      }
    }
    live.push(`delete chain ${where} ${OUR_CHAIN}`)
  }
  const kept = { jumps: before.jumps, rules: before.rules.filter((rule) => !gone.has(rule.opens)) }
  return { told, live, jumps, kept }
}

function fileChanges(state: NftState, plan: NftPlan): Change[] {
  const change = (path: string, before: string, after: string): Change[] =>
    before === after ? [] : [{ path, effect: 'now', text: { header: path, before, after } }]
  return [
    ...change(KEPT_FILE, state.kept, plan.kept),
    ...(state.main && plan.main !== undefined ? change(state.main.path, state.main.text, plan.main) : []),
  ]
}
