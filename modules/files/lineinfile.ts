import type { JsonObject } from '../../core/events/json.ts'
import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { ModuleFailure } from '../../core/module/types.ts'
import { applyContent, contentArgs, contentResult, diffContent, type FileState, sha256 } from './content.ts'
import { editLines } from './lines.ts'
import { probeText } from './text.ts'

const args = arg
  .object(
    {
      path: arg.path().describe('file to edit'),
      line: arg.str().optional().describe('the line that must be there (state present)'),
      regexp: arg
        .str()
        .optional()
        .describe('the last line that matches is replaced; with state absent all are removed'),
      search_string: arg.str().optional().describe('like regexp, but plain text'),
      state: arg.choice('present', 'absent').default('present'),
      backrefs: arg.bool().default(false).describe('groups of regexp in line; nothing is added if nothing matches'),
      insertafter: arg.str().optional().describe('EOF or a regular expression'),
      insertbefore: arg.str().optional().describe('BOF or a regular expression'),
      create: arg.bool().default(false).describe('make the file if it is missing'),
      firstmatch: arg.bool().default(false).describe('insertafter and insertbefore use the first match'),
      ...contentArgs,
    },
    { aliases: { dest: 'path', destfile: 'path', name: 'path', regex: 'regexp', value: 'line' } },
  )
  .refine((a) => a.state === 'absent' || a.line !== undefined, { message: 'line is required with state present' })
  .refine(
    (a) => a.state === 'present' || a.line !== undefined || a.regexp !== undefined || a.search_string !== undefined,
    {
      message: 'line, regexp or search_string is required with state absent',
    },
  )
  .refine((a) => !a.backrefs || a.regexp !== undefined, { message: 'backrefs needs regexp' })
  .refine((a) => a.regexp === undefined || a.search_string === undefined, {
    message: 'give regexp or search_string, not both',
  })
  .refine((a) => a.insertafter === undefined || a.insertbefore === undefined, {
    message: 'give insertafter or insertbefore, not both',
  })

interface State extends FileState {
  readonly missing: boolean
  readonly message: string
  readonly found: number
}

export default defineState({
  name: 'lineinfile',
  summary: 'Makes one line of a text file what it shall be.',
  args,
  returns: {
    msg: 'what was done to lines',
    found: 'lines removed (state absent)',
    backup: 'name of the backup, if one was made',
  },
  examples: `
- lineinfile:
    path: /etc/libvirt/qemu.conf
    regexp: '^#?vnc_listen'
    line: vnc_listen = "127.0.0.1"
`,
  async probe(host, a): Promise<State> {
    const { file, device } = await probeText(host, a.path)
    const edit = editLines(file?.text ?? '', a)
    const current = Buffer.from(file?.text ?? '')
    return {
      path: a.path,
      wanted: Buffer.from(edit.text),
      entry: file && { ...file.entry, digest: sha256(current) },
      // The text that the edit was computed from is the honest "before", even without --diff.
      current,
      device,
      missing: file === undefined,
      message: edit.message,
      found: edit.found,
    }
  },
  diff(state, a) {
    if (!state.missing) return diffContent(state, a)
    if (a.state === 'absent') return []
    if (!a.create)
      throw new ModuleFailure(`destination ${a.path} does not exist`, { hint: 'use create: true to make it' })
    return diffContent(state, a)
  },
  async apply(host, a, state, changes) {
    const { backup_file: backup } = await applyContent(host, state, a, changes)
    // Once the line is there, a new look has nothing to say about it.
    return {
      msg: state.message,
      ...(a.state === 'absent' && { found: state.found }),
      ...(backup !== undefined && { backup }),
    }
  },
  result(state, a): JsonObject {
    return {
      msg: state.message,
      backup: '',
      ...(a.state === 'absent' && { found: state.found }),
      ...contentResult(state),
    }
  },
  why: (state, a) => (state.missing ? `${a.path} does not exist` : 'the line is as declared'),
})
