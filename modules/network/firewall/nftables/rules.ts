import { type Opening, openingComment, openingText } from '../opening.ts'
import { parsePorts, portNumbers, portText } from '../ports.ts'
import { parseSource } from '../source.ts'
import { isList, isMap, type Json, type NftChain, type NftRule } from './ruleset.ts'

/** The chain, in a table that closes ports, which has all that was opened; one jump at the head of the closing chain leads to it. */
export const OUR_CHAIN = 'virtfleet_input'

/** A chain of somebody's that gets a jump. */
export type Place = Pick<NftChain, 'family' | 'table' | 'name'>

const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/

/** Names that can be written into a file of nft's without quotes. */
export const isWritable = ({ family, table, name }: Place): boolean =>
  /^(inet|ip|ip6)$/.test(family) && NAME.test(table) && NAME.test(name)

/** What a rule lets in, and its comment, as nft reads it. */
export function ruleText(one: Opening): string {
  const from = one.source ? `ip${one.source.family === 6 ? '6' : ''} saddr ${one.source.text} ` : ''
  return `${from}${one.ports.protocol} dport ${portNumbers(one.ports)} accept comment "${openingComment(one)}"`
}

/** The opening that a rule is, as `openingText` has it; undefined for a rule of any other form. */
export function openingOfRule({ expr }: NftRule): string | undefined {
  const statements = expr.filter((one) => !(isMap(one) && 'counter' in one))
  const end = statements.pop()
  if (!isMap(end) || !('accept' in end) || statements.length < 1 || statements.length > 2) return undefined
  const [from, to] = statements.length === 2 ? statements : [undefined, statements[0]]
  const ports = rightOf(to, 'dport', (protocol, right) => {
    const [first, last] = isMap(right) && isList(right.range) ? right.range : [right, right]
    return parsePorts(`${String(first)}-${String(last)}/${protocol}`)
  })
  if (!ports) return undefined
  if (from === undefined) return portText(ports)
  const source = rightOf(from, 'saddr', (_protocol, right) => {
    const prefix = isMap(right) ? right.prefix : undefined
    return parseSource(isMap(prefix) ? `${String(prefix.addr)}/${String(prefix.len)}` : String(right))
  })
  return source && openingText({ ports, source })
}

function rightOf<T>(
  statement: Json | undefined,
  field: string,
  read: (protocol: string, right: Json) => T,
): T | undefined {
  const match = isMap(statement) ? statement.match : undefined
  if (!isMap(match) || match.op !== '==' || !isMap(match.left) || !isMap(match.left.payload)) return undefined
  const { payload } = match.left
  return payload.field === field && match.right !== undefined ? read(String(payload.protocol), match.right) : undefined
}

/** Whether a rule leads to our chain. */
export const isOurJump = ({ expr }: NftRule): boolean =>
  expr.some((one) => isMap(one) && isMap(one.jump) && one.jump.target === OUR_CHAIN)
