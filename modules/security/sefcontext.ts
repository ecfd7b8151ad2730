import { sh } from '../../core/connection/quote.ts'
import { defineState } from '../../core/module/define.ts'
import { type Change, ModuleFailure } from '../../core/module/types.ts'
import { definedContext, substitution } from './contexts.ts'
import {
  probeContexts,
  relabel,
  type SefcontextSpec,
  type SefcontextState,
  sefcontextArgs,
} from './sefcontext/probe.ts'
import { needSelinux } from './selinux.ts'

export default defineState({
  name: 'sefcontext',
  aliases: ['community.general.sefcontext'],
  summary: 'Says which context of SELinux files get, by their paths.',
  description: `As Ansible's: files that are there keep their labels until somebody restores them. With \`restorecon\` this module does that too, for
the path and all below it. SELinux itself is never turned off or made permissive.`,
  args: sefcontextArgs,
  shielded: true,
  touches: 'subject',
  local: true,
  returns: { target: 'the expression', ftype: 'kind of files', setype: 'their type', state: 'present or absent' },
  examples: `
- name: Images outside /var/lib/libvirt
  sefcontext:
    target: /srv/images(/.*)?
    setype: virt_image_t
    restorecon: true

- sefcontext: target=/srv/vm substitute=/var/lib/libvirt/images
`,
  probe: probeContexts,
  diff(state, a): Change[] {
    needSelinux(state.selinux, a.ignore_selinux_state)
    return [...definition(state, a), ...labels(state, a)]
  },
  async apply(host, a, state) {
    const change = definition(state, a)[0]
    const noReload = !a.reload || !state.selinux.enabled ? ['-N'] : []
    const done = await host.run(
      sh`LC_ALL=C; export LC_ALL
${
  change
    ? sh`command -v semanage >/dev/null || { echo 'semanage was not found: install policycoreutils-python-utils' >&2; exit 1; }
semanage fcontext ${semanage(state, a)} ${noReload} -- ${a.target} || exit 1`
    : sh`:`
}
${a.restorecon ? relabel(state.selinux, a, 'now') : sh`:`}`,
      { shielded: true },
    )
    const said = done.stderr.toString().trim().split('\n').slice(-2).join('; ')
    if (done.status !== 0) throw new ModuleFailure(`${a.target}: ${said.slice(0, 500)}`)
    return undefined
  },
  result: (_state, a) => ({
    target: a.target,
    ftype: a.ftype,
    state: a.state,
    ...(a.setype !== undefined && { setype: a.setype }),
    ...(a.seuser !== undefined && { seuser: a.seuser }),
    ...(a.selevel !== undefined && { selevel: a.selevel }),
    ...(a.substitute !== undefined && { substitute: a.substitute }),
  }),
  why: (_state, a) => `${a.target} is ${a.state} as declared`,
})

/** The one change of the policy, if there is one. */
function definition(state: SefcontextState, a: SefcontextSpec): Change[] {
  const path = `${a.target} (${a.ftype})`
  const tell = (before: string | undefined, after: string | undefined): Change[] =>
    before === after
      ? []
      : [{ path, ...(before !== undefined && { before }), ...(after !== undefined && { after }), effect: 'now' }]
  const equal = substitution(state.substitutions, a.target)
  if (a.substitute !== undefined || (a.state === 'absent' && a.setype === undefined && equal !== undefined))
    return tell(equal && `as ${equal}`, a.state === 'present' ? `as ${a.substitute}` : undefined)
  const local = definedContext(state.local, a.target, a.ftype)
  if (a.state === 'absent') return tell(local && contextText(local), undefined)
  const now = local ?? definedContext(state.policy, a.target, a.ftype)
  return tell(now && contextText(now), contextText(wanted(a, now)))
}

type Defined = NonNullable<ReturnType<typeof definedContext>>

const contextText = (one: Defined): string =>
  one === 'none' ? '<<none>>' : `${one.user}:${one.type}${one.level === '' ? '' : `:${one.level}`}`

/** What was not said stays as it is. */
function wanted(a: SefcontextSpec, now: Defined | undefined): Defined {
  if (a.setype === '<<none>>') return 'none'
  const known = now === undefined || now === 'none' ? undefined : now
  return {
    user: a.seuser ?? known?.user ?? 'system_u',
    type: a.setype!,
    level: a.selevel ?? known?.level ?? 's0',
  }
}

/** Options of semanage fcontext. */
function semanage(state: SefcontextState, a: SefcontextSpec): string[] {
  const equal = substitution(state.substitutions, a.target)
  if (a.substitute !== undefined && a.state === 'present')
    return [equal === undefined ? '-a' : '-m', '-e', a.substitute]
  if (a.substitute !== undefined || (a.setype === undefined && equal !== undefined)) return ['-d', '-e', equal!]
  if (a.state === 'absent') return ['-d', '-f', a.ftype]
  const now = definedContext(state.local, a.target, a.ftype) ?? definedContext(state.policy, a.target, a.ftype)
  const to = wanted(a, now)
  const more = to === 'none' ? [] : ['-s', to.user, ...(to.level === '' ? [] : ['-r', to.level])]
  return [now === undefined ? '-a' : '-m', '-f', a.ftype, '-t', a.setype!, ...more]
}

function labels({ wrong }: SefcontextState, a: SefcontextSpec): Change[] {
  if (!a.restorecon || wrong.length === 0) return []
  const [first] = wrong
  const note = wrong.length > 1 ? `and ${wrong.length - 1}${wrong.length > 100 ? ' or more' : ''} others` : undefined
  return [
    { path: `label of ${first!.path}`, before: first!.from, after: first!.to, effect: 'now', ...(note && { note }) },
  ]
}
