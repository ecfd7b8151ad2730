import { sh } from '../../core/connection/quote.ts'
import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { type Change, ModuleFailure } from '../../core/module/types.ts'

/** Arguments of which a task has one, by the name that firewall-cmd gives the thing. */
const KINDS = {
  service: 'service',
  port: 'port',
  source: 'source',
  interface: 'interface',
  rich_rule: 'rich-rule',
  protocol: 'protocol',
  icmp_block: 'icmp-block',
  masquerade: 'masquerade',
} as const
type Kind = keyof typeof KINDS

const args = arg
  .object({
    service: arg.name().optional().describe('a service that firewalld knows'),
    port: arg
      .name()
      .refine(
        (text) => /^\d{1,5}([-:]\d{1,5})?\/\w+$/.test(text),
        'must be a port or a range with its protocol, as 2049/tcp',
      )
      .transform((text) => text.replace(':', '-'))
      .optional()
      .describe('as 2049/tcp or 49152-49215/tcp'),
    source: arg.name().optional().describe('network whose traffic belongs to the zone'),
    interface: arg.name().optional().describe('interface that belongs to the zone'),
    rich_rule: arg.name().optional(),
    protocol: arg.name().optional(),
    icmp_block: arg.name().optional(),
    masquerade: arg.bool().optional().describe('true; false turns the state around'),
    zone: arg
      .name()
      .refine((text) => /^\w[\w-]{0,31}$/.test(text), 'must be the name of a zone')
      .optional()
      .describe('the default zone unless said'),
    permanent: arg.bool().default(false).describe('after every boot and reload'),
    immediate: arg.bool().default(false).describe('now; always where permanent is false'),
    state: arg.choice('enabled', 'disabled'),
    timeout: arg.int().default(0).describe('seconds after which it is gone again; not with permanent'),
    offline: arg.bool().default(true).describe('also where firewalld does not run: what is permanent'),
  })
  .refine((a) => given(a).length === 1, { message: `give one of ${Object.keys(KINDS).join(', ')}` })
  .refine((a) => a.timeout === 0 || !a.permanent, { message: 'what has a timeout cannot be permanent' })

type Args = ReturnType<typeof args.parse>

interface State {
  readonly running: boolean
  /** Whether it is there; undefined where it was not asked about. */
  readonly live: boolean | undefined
  readonly permanent: boolean | undefined
}

function given(a: Partial<Record<Kind, unknown>>): Kind[] {
  return (Object.keys(KINDS) as Kind[]).filter((kind) => a[kind] !== undefined)
}

const isWanted = (a: Args): boolean => (a.state === 'enabled') === (a.masquerade ?? true)

/** As firewall-cmd takes it. */
function option(act: 'query' | 'add' | 'remove', a: Args): string[] {
  const kind = given(a)[0]!
  const at = a.zone === undefined ? [] : [`--zone=${a.zone}`]
  return [...at, `--${act}-${KINDS[kind]}${kind === 'masquerade' ? '' : `=${String(a[kind])}`}`]
}

const OFFLINE = 75

export default defineState({
  name: 'firewalld',
  aliases: ['ansible.posix.firewalld'],
  summary: 'Adds to a zone of firewalld, or takes away.',
  description: `With the arguments of Ansible's. The module \`firewall\` opens ports whatever rules the host. Zones are not made or removed, and
firewalld is not reloaded: that would lose what others set for the running system only.`,
  args,
  shielded: true,
  touches: 'subject',
  returns: { zone: 'as given', state: 'enabled or disabled' },
  examples: `
- firewalld: service=nfs zone=internal permanent=true immediate=true state=enabled
`,
  async probe(host, a): Promise<State> {
    const [now, kept] = [a.immediate || !a.permanent, a.permanent]
    const ask = option('query', a)
    const answer = await host.read(sh`LC_ALL=C; export LC_ALL
command -v firewall-cmd >/dev/null || { echo 'firewalld was not found' >&2; exit ${OFFLINE}; }
q() { "$@" >/dev/null; c=$?; [ $c -le 1 ] || exit $c; echo "$n $c"; }
if command -v systemctl >/dev/null; then systemctl is-active -q firewalld; else firewall-cmd -q --state 2>/dev/null; fi
if [ $? = 0 ]; then
  echo running
  ${now ? sh`n=live; q firewall-cmd ${ask}` : sh`:`}
  ${kept ? sh`n=permanent; q firewall-cmd --permanent ${ask}` : sh`:`}
else
  ${now || !a.offline ? sh`echo 'firewalld does not run' >&2; exit ${OFFLINE}` : sh`n=permanent; q firewall-offline-cmd ${ask}`}
fi
exit 0`)
    const said = (answer.merged ? answer.stdout : answer.stderr).toString().trim().split('\n')[0] ?? ''
    if (answer.status === OFFLINE)
      throw new ModuleFailure(said, { hint: 'the module firewall opens ports in whatever rules the host' })
    if (answer.status !== 0) throw new ModuleFailure(`firewalld: ${said.slice(0, 500)}`)
    const text = answer.stdout.toString()
    const told = (what: string): boolean | undefined => {
      const status = new RegExp(`^${what} ([01])$`, 'm').exec(text)?.[1]
      return status === undefined ? undefined : status === '0'
    }
    return { running: /^running$/m.test(text), live: told('live'), permanent: told('permanent') }
  },
  diff(state, a): Change[] {
    const kind = given(a)[0]!
    const change = (there: boolean | undefined, more: string): Change[] => {
      if (there === undefined || there === isWanted(a)) return []
      const path = `${a.zone ?? 'default zone'}${more} ${kind}`
      const value = kind === 'masquerade' ? 'on' : String(a[kind])
      return [{ path, ...(there ? { before: value } : { after: value }), effect: 'now' }]
    }
    return [...change(state.live, ''), ...change(state.permanent, ' permanent')]
  },
  async apply(host, a, state) {
    const [act, undo] = isWanted(a) ? (['add', 'remove'] as const) : (['remove', 'add'] as const)
    const differs = (there: boolean | undefined): boolean => there !== undefined && there !== isWanted(a)
    const tool = state.running ? sh`firewall-cmd -q --permanent` : sh`firewall-offline-cmd`
    const kept = differs(state.permanent)
    const limit = a.timeout > 0 && act === 'add' ? [`--timeout=${a.timeout}`] : []
    const back = kept ? sh`${tool} ${option(undo, a)} >/dev/null` : sh`:`
    const done = await host.run(
      sh`${kept ? sh`${tool} ${option(act, a)} >/dev/null || exit 1` : sh`:`}
${differs(state.live) ? sh`firewall-cmd -q ${option(act, a)} ${limit} || { ${back}; exit 1; }` : sh`:`}`,
      { shielded: true },
    )
    const said = (done.merged ? done.stdout : done.stderr).toString().trim().split('\n').at(-1) ?? ''
    if (done.status !== 0) throw new ModuleFailure(`firewalld: ${said.slice(0, 500)}`)
    return undefined
  },
  result: (_state, a) => ({ state: a.state, ...(a.zone !== undefined && { zone: a.zone }) }),
  why: (_state, a) => `${given(a)[0]} is ${a.state}`,
})
