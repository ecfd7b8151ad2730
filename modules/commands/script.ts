import { sh } from '../../core/connection/quote.ts'
import { arg } from '../../core/module/arg.ts'
import { defineRun } from '../../core/module/define.ts'
import { checkExecution, execute, executionArgs, executionReturns } from './execution.ts'
import { splitWords } from './words.ts'

const args = arg
  .object({
    _raw_params: arg.str().optional().describe('script of the controller and its arguments, in free form'),
    cmd: arg.str().optional().describe('the same, by name'),
    executable: arg.str().optional().describe('interpreter; the default is what the first line of the script says'),
    ...executionArgs,
  })
  .refine((a) => (a._raw_params === undefined) !== (a.cmd === undefined), {
    message: 'give the script once: in free form or as cmd',
  })

/** The interpreter in a script's first line, as words; /bin/sh without one. */
export function interpreterOf(content: Buffer): string[] {
  const first = content.subarray(0, 256).toString('latin1').split('\n')[0]!
  const found = /^#!\s*(\S+)(?:\s+(.*?))?\s*$/.exec(first)
  if (!found) return ['/bin/sh']
  return found[2] ? [found[1]!, found[2]] : [found[1]!]
}

export default defineRun({
  name: 'script',
  summary: 'Runs a script of the controller on the host.',
  description: 'The script is run by its interpreter, so a folder mounted noexec does no harm, and removed afterwards.',
  args,
  freeForm: { argument: '_raw_params', options: ['chdir', 'creates', 'removes', 'executable', 'cmd'] },
  returns: executionReturns,
  examples: `
- script: check-bios.sh --strict
  changed_when: false
`,
  async run(host, a) {
    const text = (a.cmd ?? a._raw_params)!
    const [name, ...rest] = splitWords(text)
    const content = await host.files.read(await host.files.find('files', name!))
    const interpreter = a.executable === undefined ? interpreterOf(content) : splitWords(a.executable)
    const base = name!.split('/').at(-1)!
    return execute(
      host,
      sh`d=$(mktemp -d) || exit 1
trap 'rm -rf "$d"' EXIT
trap 'exit 143' TERM INT HUP
cat > "$d/"${base} || exit 1
${interpreter} "$d/"${base} ${rest} < /dev/null`,
      text,
      { ...a, stdin: content },
    )
  },
  check: (host, a) => checkExecution(host, (a.cmd ?? a._raw_params)!, a),
})
