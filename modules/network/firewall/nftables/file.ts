import { MARK, type Opening, openingText } from '../opening.ts'
import { parsePorts } from '../ports.ts'
import { parseSource } from '../source.ts'
import { OUR_CHAIN, type Place, ruleText } from './rules.ts'

/** What is opened after every boot: jumps, and rules by `table` and by what they open. */
export interface Kept {
  readonly jumps: readonly Place[]
  readonly rules: readonly KeptRule[]
}

export interface KeptRule {
  readonly family: string
  readonly table: string
  /** As `openingText` has it. */
  readonly opens: string
  /** As nft reads it. */
  readonly text: string
}

export const keptRule = (place: Place, one: Opening): KeptRule => ({
  family: place.family,
  table: place.table,
  opens: openingText(one),
  text: ruleText(one),
})

const HEAD = `# Ports that were opened by virtfleet, which writes this file anew: what is added here by hand gets lost.
# Each table that closes ports has a chain of its own for them, so that nothing else in it is touched.
`
const JUMP = new RegExp(`^insert rule (\\S+) (\\S+) (\\S+) jump ${OUR_CHAIN} comment "${MARK}"$`)
const RULE = new RegExp(`^add rule (\\S+) (\\S+) ${OUR_CHAIN} (.+)$`)
const TEXT = /^(?:ip6? saddr (\S+) )?(tcp|udp) dport ([\d-]+) accept comment "[\w :-]+"$/

/** Reads what `keptText` wrote. */
export function parseKept(text: string): Kept {
  const jumps: Place[] = []
  const rules: KeptRule[] = []
  for (const line of text.split('\n')) {
    const [, family, table, name] = JUMP.exec(line) ?? []
    if (family !== undefined) jumps.push({ family, table: table!, name: name! })
    const [, ruleFamily, ruleTable, rest] = RULE.exec(line) ?? []
    const [, from, protocol, numbers] = TEXT.exec(rest ?? '') ?? []
    const ports = parsePorts(`${numbers}/${protocol}`)
    const source = from === undefined ? undefined : parseSource(from)
    if (!ports || (from !== undefined && !source)) continue
    rules.push({ family: ruleFamily!, table: ruleTable!, opens: openingText({ ports, source }), text: rest! })
  }
  return { jumps, rules }
}

/**
 * The file. Tables and chains are named before they are used: where somebody has taken one out of his ruleset, the rest must still be
 * loaded at boot, or the host would have no firewall.
 */
export function keptText({ jumps, rules }: Kept): string {
  const used = rules.filter((rule) => jumps.some((jump) => sameTable(jump, rule)))
  const lines = jumps
    .filter((jump) => used.some((rule) => sameTable(jump, rule)))
    .flatMap(({ family, table, name }) => [
      `add table ${family} ${table}`,
      `add chain ${family} ${table} ${name}`,
      `add chain ${family} ${table} ${OUR_CHAIN}`,
      `insert rule ${family} ${table} ${name} jump ${OUR_CHAIN} comment "${MARK}"`,
    ])
  const added = used.map((rule) => `add rule ${rule.family} ${rule.table} ${OUR_CHAIN} ${rule.text}`)
  return lines.length === 0 ? '' : `${HEAD}${[...new Set(lines), ...added].join('\n')}\n`
}

export const sameTable = (one: { family: string; table: string }, other: { family: string; table: string }): boolean =>
  one.family === other.family && one.table === other.table
