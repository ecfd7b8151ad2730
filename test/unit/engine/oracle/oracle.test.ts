import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Ran, type RunOptions, runFile } from '../harness.ts'
import { CASES, type Case, HOSTS, type Transcript } from './ansible.ts'

const answers = JSON.parse(readFileSync(join(import.meta.dirname, 'answers.json'), 'utf8')) as Record<
  string,
  Transcript
>

function optionsOf({ arguments: args = [] }: Case): RunOptions {
  const options: Record<string, unknown> = { hosts: HOSTS, forks: 1 }
  const extraVars = new Map<string, string>()
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--check') options.check = true
    if (args[i] === '--tags') options.tags = args[++i]!.split(',')
    if (args[i] === '--skip-tags') options.skipTags = args[++i]!.split(',')
    if (args[i] === '-e') extraVars.set(...(args[++i]!.split('=') as [string, string]))
  }
  return { ...options, extraVars } as RunOptions
}

function transcript(ran: Ran): Transcript {
  const looped = new Set(ran.of('host_item').map((one) => `${one.task} ${one.host}`))
  const debugs = new Set(ran.of('task_started').flatMap((one) => (one.module === 'debug' ? [one.task] : [])))
  const messages = ran.events.flatMap((one): [string, unknown][] => {
    if (one.event !== 'host_result' && one.event !== 'host_item') return []
    if (one.status !== 'ok' && one.status !== 'changed') return []
    if (!debugs.has(one.task) || (one.event === 'host_result' && looped.has(`${one.task} ${one.host}`))) return []
    return [[one.host, one.result?.msg]]
  })
  const recap = Object.entries(ran.stats).map(([host, s]) => [
    host,
    [s.ok, s.changed, s.unreachable, s.failed, s.skipped, s.rescued, s.ignored],
  ])
  const tasks = ran.of('task_started').map((one) => (one.role === undefined ? one.name : `${one.role} : ${one.name}`))
  return { tasks, messages, recap: Object.fromEntries(recap), exit: ran.exitCode }
}

/** The free strategy promises no order between hosts. */
const sorted = (messages: [string, unknown][]): string[] => messages.map((one) => JSON.stringify(one)).sort()

describe('the engine, asked what ansible-playbook was asked', () => {
  for (const one of CASES) {
    it(one.name, async () => {
      const ours = transcript(await runFile(join(import.meta.dirname, 'cases', `${one.name}.yml`), optionsOf(one)))
      const theirs = answers[one.name]!
      expect(ours.recap).to.deep.equal(theirs.recap)
      if (one.name === 'free') expect(sorted(ours.messages)).to.deep.equal(sorted(theirs.messages))
      else expect(ours.messages).to.deep.equal(theirs.messages)
      if (one.name !== 'free') expect(ours.tasks).to.deep.equal(theirs.tasks)
      expect(ours.exit).to.equal(theirs.exit)
    })
  }
})
