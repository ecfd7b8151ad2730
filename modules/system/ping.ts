import { sh } from '../../core/connection/quote.ts'
import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { ModuleFailure } from '../../core/module/types.ts'

export default defineState({
  name: 'ping',
  summary: 'Proves that a host can be reached and used.',
  args: arg.object({ data: arg.str().default('pong').describe('what is to be answered; crash fails') }),
  returns: { ping: 'the data' },
  examples: `
- ping:
`,
  async probe(host, a) {
    if (a.data === 'crash') throw new ModuleFailure('boom')
    const answer = await host.read(sh`printf %s ${a.data}`)
    return answer.stdout.toString()
  },
  diff: () => [],
  apply: async () => undefined,
  result: (answer) => ({ ping: answer }),
})
