import { sh } from '../../core/connection/quote.ts'
import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { type Change, ModuleFailure } from '../../core/module/types.ts'
import { readText } from '../files/text.ts'
import { writeThen } from '../files/write-then.ts'
import { assignments, dotted, setAssignment } from './assignments.ts'

interface State {
  /** Content of the file; undefined if there is none. */
  readonly file: string | undefined
  /** Value in the kernel; undefined for a key it does not know. */
  readonly live: string | undefined
}

/** Read after every other one, also after 99-sysctl.conf, by which Debian has /etc/sysctl.conf read at boot. */
const FILE = '/etc/sysctl.d/99-virtfleet.conf'

const args = arg
  .object({
    name: arg.name().describe('key, with dots or slashes'),
    value: arg.str().optional().describe('required unless state is absent'),
    state: arg.choice('present', 'absent').default('present'),
    sysctl_file: arg.path().default(FILE).describe('file that keeps the value over a boot'),
    reload: arg.bool().default(true).describe('set the value in the running kernel too; nothing else is reloaded'),
    sysctl_set: arg.bool().default(false).describe('the same, though reload is false'),
    ignoreerrors: arg.bool().default(false).describe('a key that the kernel does not know is no error'),
  })
  .refine((a) => a.state === 'absent' || a.value !== undefined, { message: 'value is required with state present' })

// The kernel separates by tabs, people by spaces.
const plain = (value: string): string => value.trim().replace(/\s+/g, ' ')

/** As Ansible reads them: words for truth are 1 and 0. */
function wantedValue(value: string): string {
  const word = value.trim().toLowerCase()
  if (/^(yes|on|true|y|t)$/.test(word)) return '1'
  return /^(no|off|false|n|f)$/.test(word) ? '0' : plain(value)
}

export default defineState({
  name: 'sysctl',
  aliases: ['ansible.posix.sysctl'],
  summary: 'Sets a kernel parameter, now and for every boot.',
  args,
  local: true,
  examples: `
- sysctl: name=net.ipv4.ip_forward value=1
`,
  async probe(host, a): Promise<State> {
    const [file, live] = await Promise.all([
      readText(host, a.sysctl_file),
      host.read(sh`exec cat ${procPath(a.name)} 2>/dev/null`),
    ])
    return { file, live: live.status === 0 ? live.stdout.toString() : undefined }
  },
  diff(state, a): Change[] {
    const current = assignments(state.file ?? '').get(dotted(a.name))
    if (a.state === 'absent') {
      return current === undefined ? [] : [{ path: `${a.sysctl_file} ${a.name}`, before: current, effect: 'now' }]
    }
    const wanted = wantedValue(a.value!)
    const changes: Change[] = []
    if (current === undefined || plain(current) !== wanted) {
      changes.push({
        path: `${a.sysctl_file} ${a.name}`,
        ...(current !== undefined && { before: current }),
        after: wanted,
        effect: 'now',
      })
    }
    if (!a.sysctl_set && !a.reload) return changes
    if (state.live === undefined) {
      if (a.ignoreerrors) return changes
      throw new ModuleFailure(`the kernel has no parameter ${a.name}`, {
        hint: 'a kernel module may have to be loaded first: modprobe',
      })
    }
    if (plain(state.live) !== wanted)
      changes.push({ path: a.name, before: plain(state.live), after: wanted, effect: 'now' })
    return changes
  },
  async apply(host, a, state, changes) {
    const inFile = changes.some((change) => change.path.startsWith(a.sysctl_file))
    const text = setAssignment(
      state.file ?? '',
      dotted(a.name),
      a.state === 'absent' ? undefined : wantedValue(a.value!),
    )
    const live = changes.some((change) => change.path === a.name)
    const { done } = await writeThen(
      host,
      inFile ? [{ path: a.sysctl_file, text, ...(state.file === undefined && { mode: '0644' }) }] : [],
      live ? sh`printf '%s\n' ${wantedValue(a.value!)} > ${procPath(a.name)}` : sh`:`,
    )
    if (done.status !== 0) throw new ModuleFailure(`cannot set ${a.name}: ${done.stderr.toString().trim()}`)
    return undefined
  },
  result: (_state, a) => ({ name: a.name, ...(a.value !== undefined && { value: a.value }) }),
  why: (_state, a) => `${a.name} is ${a.state === 'absent' ? 'not set' : a.value}`,
})

function procPath(name: string): string {
  const path = dotted(name).replace(/[./]/g, (c) => (c === '.' ? '/' : '.'))
  if (path.split('/').some((part) => part === '..' || part === ''))
    throw new ModuleFailure(`'${name}' is not a kernel parameter`)
  return `/proc/sys/${path}`
}
