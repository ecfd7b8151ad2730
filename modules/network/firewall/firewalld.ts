import { type ShellText, sh } from '../../../core/connection/quote.ts'
import type { Change } from '../../../core/module/types.ts'
import type { Firewall } from './backend.ts'
import { type Opening, openingText } from './opening.ts'
import { coverPorts, type PortRange, parsePorts, portNumbers, portText } from './ports.ts'

/** What a zone lets in, as `firewall-cmd --list-all` tells it. */
export interface Zone {
  readonly name: string
  readonly ports: readonly PortRange[]
  readonly richRules: ReadonlySet<string>
}

const HEAD = /^([\w-]+)( \([a-z, ]*\))?$/

/** Reads the answer of `firewall-cmd --list-all`; undefined for anything else. */
export function parseZone(output: string): Zone | undefined {
  const all = output.trim().split('\n')
  // A note comes first where the interfaces are in another zone.
  const at = all.findIndex((line) => HEAD.test(line))
  const [head = '', ...lines] = all.slice(at)
  const name = HEAD.exec(head)?.[1]
  const ports = lines.find((line) => /^\s+ports:/.test(line))
  if (name === undefined || ports === undefined) return undefined
  const listed = ports.replace(/^\s+ports:/, '').split(/\s+/)
  return {
    name,
    ports: listed.flatMap((text) => parsePorts(text) ?? []),
    richRules: new Set(lines.map((line) => line.replace(/^\s*(rich rules:)?\s*/, '')).filter((l) => /^rule\b/.test(l))),
  }
}

/** As firewalld lists it. */
const richRule = ({ ports, source }: Opening): string =>
  `rule family="ipv${source!.family}" source address="${source!.text}" port port="${portNumbers(ports)}" protocol="${ports.protocol}" accept`

const option = (act: 'add' | 'remove', one: Opening): string =>
  one.source === undefined ? `--${act}-port=${portText(one.ports)}` : `--${act}-rich-rule=${richRule(one)}`

const opens = (zone: Zone, one: Opening): boolean =>
  one.source === undefined ? coverPorts(zone.ports, one.ports) : zone.richRules.has(richRule(one))

/**
 * firewalld: ports from anywhere are ports of the zone, others are rich rules. Both are sets without owners, so a rule is ours if it
 * says what ours says. It is never reloaded: that would lose what others set for the running system only. `elsewhere`: zones that have the
 * host's interfaces, where the one at hand has none.
 */
export function firewalld(live: Zone, permanent: Zone, elsewhere: readonly string[] = []): Firewall {
  const differing = (zone: Zone, openings: readonly Opening[], state: 'present' | 'absent'): Opening[] =>
    openings.filter((one) => opens(zone, one) !== (state === 'present'))
  return {
    name: 'firewalld',
    changes(openings, state) {
      const change = (zone: Zone, what: string) =>
        differing(zone, openings, state).map(
          (one): Change => ({
            path: `firewalld ${live.name}${what} ${openingText(one)}`,
            ...(state === 'present' ? { after: 'open' } : { before: 'open' }),
            effect: 'now',
          }),
        )
      return [...change(live, ''), ...change(permanent, ' permanent')]
    },
    script(openings, state) {
      const [act, undo] = state === 'present' ? (['add', 'remove'] as const) : (['remove', 'add'] as const)
      const call = (what: typeof act, one: Opening, more: readonly string[]): ShellText =>
        sh`firewall-cmd -q ${more} ${`--zone=${live.name}`} ${option(what, one)}`
      const steps = [
        ...differing(permanent, openings, state).map((one) => [one, ['--permanent']] as const),
        ...differing(live, openings, state).map((one) => [one, []] as const),
      ]
      return sh.join(
        steps.map(([one, more], i) => {
          const done = steps.slice(0, i).reverse()
          const back = sh.join([...done.map(([other, its]) => call(undo, other, its)), sh`exit 1`], '; ')
          return sh`${call(act, one, more)} || { ${back}; }`
        }),
      )
    },
    warnings: (_openings, state) =>
      elsewhere.length === 0 || state === 'absent'
        ? []
        : [
            `the zone ${live.name} has no interface; ${elsewhere.join(', ')} ${elsewhere.length > 1 ? 'have' : 'has'}: name one with zone`,
          ],
  }
}

/** Zones with interfaces or sources, by `firewall-cmd --get-active-zones`, without those of programs that bring their own. */
export function parseActiveZones(output: string): string[] {
  const names = output.split('\n').flatMap((line) => /^(\w[\w-]*)( \(default\))?$/.exec(line)?.[1] ?? [])
  return names.filter((name) => !/^(libvirt(-routed)?|docker|podman|netavark_zone)$/.test(name))
}
