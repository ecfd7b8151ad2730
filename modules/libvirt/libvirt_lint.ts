import { arg } from '../../core/module/arg.ts'
import { defineFleet } from '../../core/module/define.ts'
import { type FleetStates, ModuleFailure } from '../../core/module/types.ts'
import { CHECKS, type Finding, findingsOf } from './lint/findings.ts'
import { type LintHost, probeLint } from './lint/probe.ts'

const args = arg.object({
  checks: arg
    .list(arg.choice(...CHECKS))
    .default([...CHECKS])
    .describe('What is looked for; default everything.'),
  fail: arg.bool().default(true).describe('The task fails where something is found; false: it only tells.'),
})

const findings = (states: FleetStates<LintHost>, checks: readonly (typeof CHECKS)[number][]): Finding[] =>
  findingsOf(states.answered, checks)

/** Hosts whose machines are not known, and why. */
function unknownHosts(states: FleetStates<LintHost>): [string, string][] {
  const mute = [...states.answered].flatMap(([name, { silent }]): [string, string][] =>
    silent === undefined ? [] : [[name, silent]],
  )
  return [...states.silent, ...mute]
}

export default defineFleet({
  name: 'libvirt_lint',
  summary: 'What is wrong with the virtual machines of the whole fleet: nothing is changed.',
  description: `Looks at the definitions and disks of all hosts of the play together: a UUID, name, MAC or writable disk that two machines
have; an overlay whose base another machine writes to; an image that is given to the guest in another format than it has, or does
not say the format of its base; a screen on every address of the host without a password.

Made for runs by schedule. A host that does not answer is told, and fails the task, since what it holds is not known.`,
  args,
  returns: {
    findings: 'List of check, machines (name@host) and message.',
    unknown: 'Hosts that could not be asked, with the reason.',
  },
  examples: `- name: Every night
  libvirt_lint:

- name: Only what could destroy data
  libvirt_lint:
    checks: [shared_disk, live_base, wrong_format]
  register: lint
`,
  probe: (host) => probeLint(host),
  diff(states, a) {
    if (!a.fail) return []
    const found = findings(states, a.checks).map(({ message }) => message)
    const unknown = unknownHosts(states).map(([name, why]) => `${name} is not known: ${why}`)
    const all = [...found, ...unknown]
    if (all.length > 0)
      throw new ModuleFailure(`${all.length} found: ${all.join('; ')}`, {
        hint: 'register the result for the list by machine; fail: false only tells',
        result: resultOf(states, a.checks),
      })
    return []
  },
  apply: () => Promise.reject(new Error('there is nothing to apply')),
  result: (states, a) => resultOf(states, a.checks),
})

const resultOf = (states: FleetStates<LintHost>, checks: readonly (typeof CHECKS)[number][]) => ({
  findings: findings(states, checks).map(({ check, machines, message }) => ({
    check,
    machines: [...machines],
    message,
  })),
  unknown: Object.fromEntries(unknownHosts(states)),
})
