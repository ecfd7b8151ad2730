import { sh } from '../../core/connection/quote.ts'
import { arg } from '../../core/module/arg.ts'
import { defineRun } from '../../core/module/define.ts'
import { executionReturns, lines } from './execution.ts'

export default defineRun({
  name: 'raw',
  summary: 'Gives text to the shell of the host as it is.',
  args: arg.object({
    _raw_params: arg.str().describe('the text, in free form'),
    executable: arg.path().optional().describe('shell that gets the text'),
  }),
  freeForm: { argument: '_raw_params', options: ['executable'] },
  returns: { rc: executionReturns.rc, stdout: 'standard output', stderr: 'standard error' },
  examples: `
- raw: cat /proc/uptime
  changed_when: false
`,
  async run(host, a) {
    const done = await host.run(sh`exec ${a.executable ?? '/bin/sh'} -c ${a._raw_params}`, { foreign: true })
    const failed = done.status !== 0
    const [stdout, stderr] = [done.stdout.toString(), done.stderr.toString()]
    return {
      changed: true,
      rc: done.status,
      stdout,
      stderr,
      stdout_lines: lines(stdout),
      stderr_lines: lines(stderr),
      ...(failed && { failed, msg: 'non-zero return code' }),
    }
  },
})
