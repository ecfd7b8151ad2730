import { sh } from '../../core/connection/quote.ts'
import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { type Change, ModuleFailure } from '../../core/module/types.ts'
import { needSelinux, parseSelinux, type Selinux, selinuxStart } from './selinux.ts'

interface State {
  readonly selinux: Selinux
  /** In the kernel; undefined where it has no such boolean, or no SELinux. */
  readonly live: boolean | undefined
  /** For the next boot: what was set there, else the policy's own default where semanage can tell it. */
  readonly stored: boolean | undefined
}

const args = arg.object({
  name: arg
    .name()
    .refine((text) => /^\w{1,128}$/.test(text), 'must be the name of a boolean')
    .describe('as virt_use_nfs'),
  state: arg.bool().describe('what it shall be'),
  persistent: arg.bool().default(false).describe('after every boot too'),
  ignore_selinux_state: arg
    .bool()
    .default(false)
    .describe('where SELinux is disabled: the stored policy is changed all the same; needs persistent'),
})

const word = (on: boolean): string => (on ? 'on' : 'off')

export default defineState({
  name: 'seboolean',
  aliases: ['ansible.posix.seboolean'],
  summary: 'Sets a boolean of SELinux.',
  description: `SELinux itself is never turned off or made permissive: what guests need of it is a boolean, such as \`virt_use_nfs\` for images on
NFS. Where SELinux is disabled the task fails and says so, as Ansible's does.`,
  args,
  // The policy is compiled anew, which must not be cut.
  shielded: true,
  touches: 'subject',
  local: true,
  returns: { name: 'the boolean', state: 'true or false', persistent: 'as given' },
  examples: `
- seboolean: name=virt_use_nfs state=true persistent=true
`,
  async probe(host, a): Promise<State> {
    const answer = await host.read(sh`${selinuxStart}
getsebool ${a.name} 2>/dev/null | head -n 1; echo
[ -n ${a.persistent ? 'stored' : ''} ] && [ -n "$t" ] || exit 0
l=
for f in "/var/lib/selinux/$t/active" "/etc/selinux/$t/active" "/etc/selinux/$t/modules/active"; do
  [ -r "$f/booleans.local" ] && l=$(grep ${`^${a.name}=`} "$f/booleans.local") && break
done
if [ -n "$l" ]; then printf '%s\\n' "$l"; else semanage boolean -l -n 2>/dev/null | grep ${`^${a.name} `}; fi
exit 0`)
    return readState(answer.status, answer.stdout.toString())
  },
  diff(state, a): Change[] {
    needSelinux(state.selinux, a.ignore_selinux_state)
    if (state.selinux.enabled && state.live === undefined)
      throw new ModuleFailure(`SELinux has no boolean ${a.name} on this host`, { hint: 'getsebool -a lists them' })
    if (!state.selinux.enabled && !a.persistent)
      throw new ModuleFailure('SELinux is disabled on this host, so only the stored policy could be changed', {
        hint: 'set persistent: true',
      })
    const change = (path: string, before: boolean | undefined): Change[] =>
      before === a.state
        ? []
        : [{ path, ...(before !== undefined && { before: word(before) }), after: word(a.state), effect: 'now' }]
    return [
      ...(state.selinux.enabled ? change(a.name, state.live) : []),
      ...(a.persistent ? change(`${a.name} at boot`, state.stored) : []),
    ]
  },
  async apply(host, a, state) {
    // Without a kernel that takes it, the policy is not loaded.
    const flags = [...(a.persistent ? ['-P'] : []), ...(state.selinux.enabled ? [] : ['-N'])]
    const done = await host.run(
      sh`command -v setsebool >/dev/null || { echo 'setsebool was not found: install policycoreutils' >&2; exit 1; }
setsebool ${flags} ${a.name} ${word(a.state)}`,
      { shielded: true },
    )
    const said = done.stderr.toString().trim().split('\n').slice(-2).join('; ')
    if (done.status !== 0) throw new ModuleFailure(`setsebool ${a.name}: ${said.slice(0, 500)}`)
    return undefined
  },
  result: (_state, a) => ({ name: a.name, state: a.state, persistent: a.persistent }),
  why: (_state, a) => `${a.name} is ${word(a.state)}`,
})

/** What the look told: SELinux, `getsebool`'s answer, and the stored one by booleans.local or semanage. */
export function readState(status: number, output: string): State {
  const [head = '', live = '', ...rest] = output.split('\n')
  const text = rest.join('\n')
  // semanage: in the kernel, then the stored one.
  const stored = /^\w+=([01])$/m.exec(text)?.[1] ?? /^\w+ +\((?:on|off) *, *(on|off)\)/m.exec(text)?.[1]
  return {
    selinux: parseSelinux(status, head),
    live: /^\w+ --> (on|off)/.exec(live)?.[1] === undefined ? undefined : / --> on/.test(live),
    stored: stored === undefined ? undefined : stored === '1' || stored === 'on',
  }
}
