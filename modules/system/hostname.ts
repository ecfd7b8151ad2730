import { sh } from '../../core/connection/quote.ts'
import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { type Change, ModuleFailure } from '../../core/module/types.ts'

interface State {
  readonly live: string
  readonly file: string
}

const LABEL = /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$/

export default defineState({
  name: 'hostname',
  summary: 'Sets the name of the host.',
  args: arg.object({
    name: arg
      .name()
      .refine(
        (name) => name.length <= 64 && name.split('.').every((label) => LABEL.test(label)),
        'must be labels of letters, digits and -',
      )
      .describe('the name, short or full'),
    use: arg.str().optional().describe('accepted; hostnamectl is used where it answers'),
  }),
  local: true,
  examples: `
- hostname: name="{{ inventory_hostname }}"
`,
  async probe(host): Promise<State> {
    const answer = await host.read(
      sh`read -r live </proc/sys/kernel/hostname; echo "$live"; [ ! -e /etc/hostname ] || exec cat /etc/hostname`,
    )
    if (answer.status !== 0) throw new ModuleFailure(`cannot read /etc/hostname: ${answer.stderr.toString().trim()}`)
    const [live = '', ...file] = answer.stdout.toString().split('\n')
    return { live: live.trim(), file: firstLine(file) }
  },
  diff(state, { name }): Change[] {
    const changes: Change[] = []
    if (state.live !== name) changes.push({ path: 'hostname', before: state.live, after: name, effect: 'now' })
    if (state.file !== name) changes.push({ path: '/etc/hostname', before: state.file, after: name, effect: 'now' })
    return changes
  },
  async apply(host, { name }) {
    const done = await host.run(sh`hostnamectl --no-ask-password set-hostname ${name} 2>/dev/null || {
      printf '%s\n' ${name} > /etc/hostname && hostname ${name}; }`)
    if (done.status !== 0) throw new ModuleFailure(`cannot set the name: ${done.stderr.toString().trim()}`)
    return undefined
  },
  result: (_state, { name }) => ({ name, ansible_facts: facts(name) }),
  why: (_state, { name }) => `the name is ${name}`,
})

const firstLine = (lines: readonly string[]): string =>
  lines.map((line) => line.trim()).find((line) => line !== '' && !line.startsWith('#')) ?? ''

function facts(name: string): {
  ansible_hostname: string
  ansible_nodename: string
  ansible_fqdn: string
  ansible_domain: string
} {
  const [short, ...domain] = name.split('.')
  return { ansible_hostname: short!, ansible_nodename: name, ansible_fqdn: name, ansible_domain: domain.join('.') }
}
