import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import { main } from '../../../core/cli/main.ts'
import type { Streams } from '../../../core/cli/streams.ts'

describe('the command line', () => {
  async function told(...line: string[]): Promise<[number, string]> {
    const out = new PassThrough()
    const code = await main(line, { out, err: out, in: process.stdin } as unknown as Streams)
    return [code, String(out.read() ?? '')]
  }
  const verbs = ['run', 'inventory', 'doc', 'vault', 'vm', 'lab']

  for (const line of [[], ['--help'], ['help']])
    it(`lists all commands for '${line.join(' ')}'`, async () => {
      const [code, text] = await told(...line)
      expect(code).to.equal(line.length === 0 ? 5 : 0)
      for (const verb of verbs) expect(text).to.match(new RegExp(`^  ${verb}\\b`, 'm'))
    })

  for (const verb of verbs)
    it(`describes '${verb}', however it is asked`, async () => {
      const described = await told(verb, '--help')
      expect(described[0]).to.equal(0)
      expect(described[1]).to.match(new RegExp(`^Usage: virtfleet ${verb}\\b`))
      expect(await told('help', verb)).to.deep.equal(described)
    })

  const tooMany: readonly [string, ...string[]][] = [
    ['doc', 'stat', 'copy'],
    ['inventory', 'a', 'b'],
    ['vault', 'encrypt', 'a', 'b'],
    ['vm', 'list', 'a', 'b'],
    ['lab', 'status', 'a'],
  ]
  for (const line of tooMany)
    it(`takes no more arguments than '${line.slice(0, -1).join(' ')}'`, async () => {
      const [code, text] = await told(...line)
      expect(code).to.equal(5)
      expect(text).to.match(/^error: too many arguments/)
    })

  it('takes help for a command of its own only where a command is expected', async () => {
    const [code, text] = await told('doc', 'help')
    expect([code, text.split('\n')[0]]).to.deep.equal([1, "error: no module is named 'help'"])
  })

  it('says what was meant by a command that does not exist', async () => {
    expect(await told('rnu')).to.deep.equal([5, "error: there is no command 'rnu'\nhint: did you mean run?\n"])
    expect(await told('zzzzzz', 'more')).to.deep.equal([
      5,
      "error: there is no command 'zzzzzz'\nhint: see virtfleet --help\n",
    ])
  })
})
