import { type ShellText, sh } from '../../core/connection/quote.ts'
import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { type Change, ModuleFailure } from '../../core/module/types.ts'
import { readText } from '../files/text.ts'
import { writeThen } from '../files/write-then.ts'

interface State {
  readonly loaded: boolean
  /** Part of the kernel itself: always there, cannot be removed. */
  readonly builtin: boolean
  readonly file: string | undefined
  readonly options: string | undefined
}

const args = arg.object({
  name: arg.name().describe('kernel module'),
  state: arg.choice('present', 'absent').default('present'),
  params: arg.str().default('').describe('parameters for loading'),
  persistent: arg.choice('disabled', 'present', 'absent').default('disabled').describe('load it at every boot'),
})

// The kernel writes _ where file names have -.
const underscored = (name: string): string => name.replaceAll('-', '_')
const loadFile = (name: string): string => `/etc/modules-load.d/${name}.conf`
const optionFile = (name: string): string => `/etc/modprobe.d/${name}.conf`

export default defineState({
  name: 'modprobe',
  aliases: ['community.general.modprobe'],
  summary: 'Loads or removes a kernel module.',
  args,
  local: true,
  examples: `
- modprobe: name=br_netfilter persistent=present
`,
  async probe(host, a): Promise<State> {
    if (!/^[\w-]+$/.test(a.name)) throw new ModuleFailure(`'${a.name}' is not the name of a kernel module`)
    const name = underscored(a.name)
    const kept = a.persistent !== 'disabled'
    const [answer, file, options] = await Promise.all([
      host.read(lookScript(name)),
      kept ? readText(host, loadFile(a.name)) : undefined,
      kept ? readText(host, optionFile(a.name)) : undefined,
    ])
    const found = answer.stdout.toString().trim()
    return { loaded: found === 'loaded', builtin: found === 'builtin', file, options }
  },
  diff(state, a): Change[] {
    const changes: Change[] = []
    const now = state.loaded || state.builtin
    if (a.state === 'present' && !now)
      changes.push({ path: a.name, before: 'not loaded', after: 'loaded', effect: 'now' })
    if (a.state === 'absent' && now) {
      if (state.builtin) throw new ModuleFailure(`${a.name} is part of this kernel and cannot be removed`)
      changes.push({ path: a.name, before: 'loaded', after: 'not loaded', effect: 'now' })
    }
    if (a.persistent === 'present') {
      changes.push(...fileChange(loadFile(a.name), state.file, loadLine(a)))
      if (a.params !== '') changes.push(...fileChange(optionFile(a.name), state.options, optionLine(a)))
    }
    if (a.persistent === 'absent') {
      changes.push(
        ...fileChange(loadFile(a.name), state.file, undefined),
        ...fileChange(optionFile(a.name), state.options, undefined),
      )
    }
    return changes
  },
  async apply(host, a, _state, changes) {
    const files = new Map([
      [loadFile(a.name), loadLine(a)],
      [optionFile(a.name), optionLine(a)],
    ])
    const params = a.params.split(/\s+/).filter((one) => one !== '')
    const load = a.state === 'present' ? sh`modprobe ${a.name} ${params}` : sh`modprobe -r ${a.name}`
    // Loading reads the options.
    const { done } = await writeThen(
      host,
      changes.flatMap(({ path, after }) => {
        const text = files.get(path)
        return text === undefined ? [] : [{ path, text: after === undefined ? undefined : text, mode: '0644' }]
      }),
      changes.some((change) => change.path === a.name) ? load : sh`:`,
    )
    if (done.status !== 0) throw new ModuleFailure(`modprobe ${a.name}: ${done.stderr.toString().trim()}`)
    return undefined
  },
  result: (_state, a) => ({ name: a.name, state: a.state, params: a.params }),
})

// What has parameters shows them under /sys whether it was loaded or built in, but only what was loaded has a state there.
const lookScript = (name: string): ShellText => sh`if [ -e /sys/module/${name}/initstate ]; then echo loaded; exit; fi
read -r release </proc/sys/kernel/osrelease
grep -q ${`/${name.replaceAll('_', '[-_]')}\\.ko`} "/lib/modules/$release/modules.builtin" 2>/dev/null && echo builtin`

const loadLine = (a: { name: string }): string => `${a.name}\n`
const optionLine = (a: { name: string; params: string }): string => `options ${a.name} ${a.params}\n`

function fileChange(path: string, current: string | undefined, wanted: string | undefined): Change[] {
  if (current === wanted) return []
  return [
    {
      path,
      ...(current !== undefined && { before: current }),
      ...(wanted !== undefined && { after: wanted }),
      effect: 'now',
    },
  ]
}
