import { sh } from '../../core/connection/quote.ts'
import { arg } from '../../core/module/arg.ts'
import { defineRun } from '../../core/module/define.ts'
import { checkExecution, execute, executionArgs, executionReturns } from './execution.ts'

const args = arg
  .object({
    _raw_params: arg.str().optional().describe('the script, in free form'),
    cmd: arg.str().optional().describe('the script'),
    executable: arg.path().default('/bin/sh').describe('shell that runs it'),
    ...executionArgs,
    stdin: arg.str().optional(),
    stdin_add_newline: arg.bool().default(true),
  })
  .refine((a) => (a._raw_params === undefined) !== (a.cmd === undefined), {
    message: 'give the script once: in free form or as cmd',
  })

export default defineRun({
  name: 'shell',
  summary: 'Runs a script in a shell.',
  args,
  freeForm: {
    argument: '_raw_params',
    options: ['chdir', 'creates', 'removes', 'executable', 'stdin', 'stdin_add_newline', 'cmd'],
  },
  returns: executionReturns,
  examples: `
- shell: virsh list --all | grep -c running
  register: count
  changed_when: false
`,
  run(host, a) {
    const text = (a.cmd ?? a._raw_params)!
    return execute(host, sh`exec ${a.executable} -c ${text}`, text, a)
  },
  check: (host, a) => checkExecution(host, (a.cmd ?? a._raw_params)!, a),
})
