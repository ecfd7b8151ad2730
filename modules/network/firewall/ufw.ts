import { type ShellText, sh } from '../../../core/connection/quote.ts'
import type { Change } from '../../../core/module/types.ts'
import type { Firewall } from './backend.ts'
import { MARK, type Opening, openingComment, openingText } from './opening.ts'
import { type PortRange, parsePorts, portNumbers } from './ports.ts'
import { parseSource, type Source, within } from './source.ts'

/** A rule of ufw's for what comes in, as its `### tuple ###` lines tell it. */
export interface UfwRule {
  readonly action: string
  readonly family: 4 | 6
  /** None: it is not about ports alone. */
  readonly ports: readonly PortRange[]
  /** Undefined: from anywhere. */
  readonly source: Source | undefined
  readonly ours: boolean
}

const ANY = { 4: '0.0.0.0/0', 6: '::/0' } as const

/** Rules in user.rules (4) or user6.rules (6), in the order in which they count; what is no plain rule for a port is left out. */
export function parseTuples(text: string, family: 4 | 6): UfwRule[] {
  return text.split('\n').flatMap((line): UfwRule[] => {
    const fields = /^### tuple ### (.*)$/.exec(line)?.[1]?.trim().split(/\s+/)
    if (!fields) return []
    const comment = fields.at(-1)?.startsWith('comment=') ? fields.pop()!.slice(8) : ''
    const [action = '', protocol = '', ports = '', to, fromPorts, from = '', direction, ...more] = fields
    if (!/^(allow|deny|reject|limit)(_|$)/.test(action)) return []
    if (to !== ANY[family] || fromPorts !== 'any' || direction !== 'in' || more.length > 0) return []
    const source = from === ANY[family] ? undefined : parseSource(from)
    if (source === undefined && from !== ANY[family]) return []
    const said = Buffer.from(/^([0-9a-f]{2}){1,512}$/.test(comment) ? comment : '', 'hex').toString()
    const protocols = protocol === 'any' ? ['tcp', 'udp'] : [protocol]
    const all = ports === 'any' ? ['1-65535'] : ports.split(',')
    return [
      {
        action: action.split('_')[0]!,
        family,
        ports: protocols.flatMap((one) => all.flatMap((each) => parsePorts(`${each}/${one}`) ?? [])),
        source,
        ours: said === MARK || said.startsWith(`${MARK}: `),
      },
    ]
  })
}

/** What was found of ufw on a host. */
export interface UfwState {
  readonly rules: readonly UfwRule[]
  /** Whether it rules IPv6 too. */
  readonly ipv6: boolean
  /** The chain ufw-user-input in the kernel, as `iptables -S` tells it, by family; undefined where nothing tells. */
  readonly live: Readonly<Record<4 | 6, string | undefined>>
}

const same = (one: UfwRule, wanted: Opening, family: 4 | 6): boolean =>
  one.action === 'allow' &&
  one.family === family &&
  one.source?.text === wanted.source?.text &&
  one.ports.length === 1 &&
  one.ports[0]!.protocol === wanted.ports.protocol &&
  portNumbers(one.ports[0]!) === portNumbers(wanted.ports)

/** An opening for one family: ufw has rules of its own for each. */
type Part = readonly [one: Opening, family: 4 | 6]

/** ufw: what it is told holds now and for good. Rules of ours have a comment; one of another's that says the same is left to him. */
export function ufw(state: UfwState): Firewall {
  const parts = (openings: readonly Opening[]): Part[] =>
    openings.flatMap((one) => {
      const families = one.source ? [one.source.family] : state.ipv6 ? ([4, 6] as const) : ([4] as const)
      return families.map((family): Part => [one, family])
    })
  const rule = ([one, family]: Part): UfwRule | undefined => state.rules.find((each) => same(each, one, family))
  const drifted = (part: Part): boolean => rule(part) !== undefined && !inForce(state.live[part[1]], part[0])
  const toAdd = (openings: readonly Opening[]): Part[] => parts(openings).filter((part) => !rule(part))
  // The rule that was found first may be another's: one of ours counts wherever it stands.
  const toRemove = (openings: readonly Opening[]): Part[] =>
    openings.flatMap((one) =>
      ([4, 6] as const)
        .map((family): Part => [one, family])
        .filter(([, family]) => state.rules.some((each) => each.ours && same(each, one, family))),
    )
  return {
    name: 'ufw',
    changes(openings, wanted) {
      const differing =
        wanted === 'absent' ? toRemove(openings) : [...toAdd(openings), ...parts(openings).filter(drifted)]
      return [...new Set(differing.map(([one]) => one))].map((one): Change => {
        const path = `ufw ${openingText(one)}`
        return wanted === 'absent' ? { path, before: 'open', effect: 'now' } : { path, after: 'open', effect: 'now' }
      })
    },
    script(openings, wanted) {
      const words = ([one, family]: Part): ShellText =>
        sh`proto ${one.ports.protocol} from ${one.source?.text ?? ANY[family]} to any port ${portNumbers(one.ports, ':')}`
      const remove = (part: Part): ShellText => sh`ufw delete allow ${words(part)}`
      const add = (part: Part): ShellText => sh`ufw allow ${words(part)} comment ${openingComment(part[0])}`
      const [steps, act, undo] =
        wanted === 'absent' ? [toRemove(openings), remove, add] : [toAdd(openings), add, remove]
      const scripts = steps.map((part, i) => {
        const back = [...steps.slice(0, i).reverse().map(undo), sh`exit 1`]
        return sh`${act(part)} >/dev/null || { ${sh.join(back, '; ')}; }`
      })
      // Its own rules, read from its own files; nobody else's are touched.
      const again = wanted === 'present' && parts(openings).some(drifted) ? [sh`ufw reload >/dev/null || exit 1`] : []
      return sh.join([sh`LC_ALL=C; export LC_ALL`, ...scripts, ...again])
    },
    warnings(openings, wanted) {
      const texts = openings.flatMap((one) => {
        const others = state.rules.filter((rule) => !rule.ours && touches(rule, one))
        if (wanted === 'absent')
          return others.some((rule) => rule.action === 'allow')
            ? [`${openingText(one)} is open by a rule of others`]
            : []
        const at = state.rules.findIndex((rule) => same(rule, one, rule.family))
        const before = at < 0 ? state.rules : state.rules.slice(0, at)
        return before.some((rule) => /^(deny|reject|limit)$/.test(rule.action) && touches(rule, one))
          ? [`${openingText(one)}: a rule before it denies, rejects or limits some of it`]
          : []
      })
      return [...new Set(texts)]
    },
  }
}

/** Whether a chain as `iptables -S` tells it has the rule; one that could not be read is believed. */
function inForce(chain: string | undefined, { ports, source }: Opening): boolean {
  if (chain === undefined) return true
  const from =
    source && ` -s ${source.text.includes('/') ? source.text : `${source.text}/${source.family === 4 ? 32 : 128}`} `
  const to = ports.first === ports.last ? ` --dport ${ports.first} ` : ` --dports ${portNumbers(ports, ':')} `
  return chain
    .split('\n')
    .some(
      (line) =>
        line.includes(` -p ${ports.protocol} `) &&
        line.includes(to) &&
        (from === undefined ? !line.includes(' -s ') : line.includes(from)) &&
        line.endsWith(' -j ACCEPT'),
    )
}

function touches(rule: UfwRule, one: Opening): boolean {
  const { first, last, protocol } = one.ports
  const port = rule.ports.some((r) => r.protocol === protocol && r.first <= last && r.last >= first)
  if (!port || (one.source && one.source.family !== rule.family)) return false
  return rule.source === undefined || one.source === undefined || within(one.source, rule.source) !== 'no'
}
