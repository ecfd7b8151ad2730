import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { applyContent, contentArgs, contentResult, destination, diffContent, probeContent } from './content.ts'
import { octal } from './entry.ts'

const NEWLINES = { '\\n': '\n', '\\r': '\r', '\\r\\n': '\r\n', '\n': '\n', '\r': '\r', '\r\n': '\r\n' } as const

const texts = new WeakMap<Buffer, string>()

/** Decoded once for all hosts, which get the same Buffer. */
function textOf(source: Buffer): string {
  const known = texts.get(source)
  if (known !== undefined) return known
  const text = source.toString()
  texts.set(source, text)
  return text
}

export default defineState({
  name: 'template',
  summary: 'Writes a file from a template of the controller.',
  args: arg.object({
    src: arg.name().describe('template, in templates/ of the role or beside the playbook'),
    dest: arg.path().describe('file on the host; a folder with a slash at its end takes the name of the template'),
    ...contentArgs,
    mode: arg
      .mode()
      .or(arg.choice('preserve'))
      .optional()
      .describe('permissions; preserve takes those of the template'),
    force: arg.bool().default(true).describe('no: only write where there is no file yet'),
    follow: arg.bool().default(false).describe('accepted; a link at the destination is always followed'),
    newline_sequence: arg.choice('\\n', '\\r', '\\r\\n', '\n', '\r', '\r\n').default('\n'),
    trim_blocks: arg.bool().default(true),
    lstrip_blocks: arg.bool().default(false),
  }),
  returns: {
    dest: 'path written',
    checksum: 'SHA-1 of the content',
    backup_file: 'name of the backup, if one was made',
  },
  examples: `
- template: src=chrony.conf.j2 dest=/etc/chrony/chrony.conf mode=0644
`,
  local: false,
  async probe(host, args) {
    const file = await host.files.find('templates', args.src)
    const source = textOf(await host.files.read(file))
    const text = await host.render(source, file, { trimBlocks: args.trim_blocks, lstripBlocks: args.lstrip_blocks })
    const newline = NEWLINES[args.newline_sequence as keyof typeof NEWLINES]
    const content = Buffer.from(newline === '\n' ? text : text.replaceAll('\n', newline))
    const mode = args.mode === 'preserve' ? octal((await host.files.stat(file)).mode & 0o7777) : args.mode
    return { ...(await probeContent(host, { ...destination(args.dest, file), wanted: content })), mode }
  },
  diff: (state, args) => diffContent(state, { ...args, mode: state.mode }, { keep: !args.force }),
  apply: (host, args, state, changes) => applyContent(host, state, { ...args, mode: state.mode }, changes),
  result: (state) => contentResult(state),
  why: (state) => `${state.path} has this content`,
})
