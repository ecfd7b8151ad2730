import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import { main } from '../../../../core/cli/main.ts'
import type { Streams } from '../../../../core/cli/streams.ts'

const VERBS = [
  'list',
  'show',
  'ip',
  'start',
  'stop',
  'reboot',
  'suspend',
  'resume',
  'console',
  'vnc',
  'snapshot',
  'delete',
]
const SNAPSHOT = ['list', 'create', 'revert', 'delete']

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const streams = { in: new PassThrough(), out: new PassThrough(), err: new PassThrough() }
  const code = await main(['vm', ...args], streams as unknown as Streams)
  return { code, out: String(streams.out.read() ?? ''), err: String(streams.err.read() ?? '') }
}

/** Names of the commands in a help text. */
const commandsIn = (help: string): string[] =>
  [...help.slice(help.indexOf('Commands:')).matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name!)

describe('the verbs of vm', () => {
  it('are all in its help', async () => {
    const help = await run('--help')
    expect(help.code).to.equal(0)
    expect(commandsIn(help.out)).to.have.members([...VERBS, 'help'])
    expect(commandsIn((await run('snapshot', '--help')).out)).to.have.members([...SNAPSHOT, 'help'])
  })

  const all = [
    ...VERBS.filter((verb) => verb !== 'snapshot').map((verb) => [verb]),
    ...SNAPSHOT.map((s) => ['snapshot', s]),
  ]
  for (const verb of all) {
    it(`${verb.join(' ')} has the inventory, the login and exit codes in its help`, async () => {
      const { code, out } = await run(...verb, '--help')
      expect(code).to.equal(0)
      for (const text of ['--inventory', '--become', '--connect-timeout', 'Exit codes:']) expect(out).to.include(text)
      expect(out.includes('--output')).to.equal(verb[0] !== 'console')
    })
  }

  const mistakes: [string[], RegExp][] = [
    [['nosuch'], /unknown command/],
    [['start'], /missing required argument/],
    [['stop', 'a', '--timeout', 'soon'], /whole number/],
    [['stop', 'a', '--mode', 'asking'], /acpi, agent/],
    [['list', '--output', 'yaml'], /table, json/],
    [['list', '--live'], /--live draws on a terminal/],
    [['vnc', 'a', '--vnc', '--spice'], /cannot be used with/],
    [['console', 'a'], /a console needs a terminal/],
    [['snapshot', 'create', 'a', 'b/c'], /'b\/c' is no name of a snapshot/],
    [['snapshot', 'create', 'a', 'b', '--quiesce'], /--quiesce goes with --external/],
  ]
  for (const [args, message] of mistakes) {
    it(`refuses vm ${args.join(' ')} before any host is asked`, async () => {
      const { code, out, err } = await run(...args)
      expect([code, out]).to.deep.equal([5, ''])
      expect(err).to.match(message)
    })
  }
})
