import { quote, type ShellText, sh } from '../../core/connection/quote.ts'
import { arg } from '../../core/module/arg.ts'
import { defineRun } from '../../core/module/define.ts'
import { checkExecution, execute, executionArgs, executionReturns } from './execution.ts'
import { splitWords } from './words.ts'

const args = arg
  .object({
    _raw_params: arg.str().optional().describe('the command, in free form'),
    cmd: arg.str().optional().describe('the command as one line'),
    argv: arg.list(arg.str()).optional().describe('the command as a list of words'),
    ...executionArgs,
    stdin: arg.str().optional(),
    stdin_add_newline: arg.bool().default(true),
    strip_empty_ends: arg.bool().default(true),
    expand_argument_vars: arg.bool().default(true).describe('$VARIABLES of the host in the words'),
  })
  .refine((a) => [a._raw_params, a.cmd, a.argv].filter((one) => one !== undefined).length === 1, {
    message: 'give the command once: in free form, as cmd or as argv',
  })
  .refine((a) => (a.argv ?? [a.cmd ?? a._raw_params]).join('').trim() !== '', { message: 'no command given' })

const words = (a: ReturnType<typeof args.parse>): string[] => a.argv ?? splitWords(a.cmd ?? a._raw_params!)

// A name that is not set stays as it is written, and nothing else of the shell is live.
function word(text: string): string {
  if (text === '~' || text.startsWith('~/')) return `"$HOME"${text === '~' ? '' : word(text.slice(1))}`
  return (
    text
      .split(/(\$\{\w+\}|\$[A-Za-z_]\w*)/)
      .map((part, i) => {
        if (i % 2 === 0) return part === '' ? '' : quote(part)
        const name = part.replace(/[${}]/g, '')
        return `"\${${name}-${part.replace(/[$\\}]/g, '\\$&')}}"`
      })
      .join('') || "''"
  )
}

const script = (list: readonly string[], expand: boolean): ShellText =>
  expand ? sh.raw(list.map(word).join(' ')) : sh.argv(list)

export default defineRun({
  name: 'command',
  summary: 'Runs a command without a shell.',
  args,
  freeForm: {
    argument: '_raw_params',
    options: [
      'chdir',
      'creates',
      'removes',
      'stdin',
      'stdin_add_newline',
      'strip_empty_ends',
      'argv',
      'cmd',
      'expand_argument_vars',
    ],
  },
  returns: executionReturns,
  examples: `
- command: virsh list --all
  changed_when: false
- command: mkfs.xfs /dev/vdb creates=/dev/disk/by-label/images
`,
  async run(host, a) {
    const list = words(a)
    return execute(host, sh`exec ${script(list, a.expand_argument_vars)}`, list, a)
  },
  check: (host, a) => checkExecution(host, words(a), a),
})
