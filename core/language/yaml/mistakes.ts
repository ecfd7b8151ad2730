import type { ErrorCode } from 'yaml'
import type { Position } from '../../events/types.ts'
import { type Diagnostic, errorAt } from '../diagnostic.ts'
import type { Lines } from './position.ts'

/** A parser's complaint, in the words of somebody who wants to repair the file. */
export interface Complaint {
  readonly code: ErrorCode
  readonly message: string
  readonly offset: number
}

const texts: Partial<Record<ErrorCode, [message: string, hint: string]>> = {
  TAB_AS_INDENT: ['a tab is used for indentation', 'YAML is indented with spaces only'],
  BAD_INDENT: ['the indentation does not fit', 'align the line with its siblings; close every [ and { that is open'],
  BLOCK_AS_IMPLICIT_KEY: [
    "a second ': ' in one value",
    "quote the value if the colon belongs to it; otherwise check the next line's indentation",
  ],
  MULTILINE_IMPLICIT_KEY: [
    "a key without its ': '",
    "a key ends with a colon and a space (`key: value`); check the line's indentation",
  ],
  BAD_SCALAR_START: ['a plain value cannot start with this character', 'quote the value'],
  UNEXPECTED_TOKEN: ['text where none can stand', 'quote the whole value, or check the indentation'],
  BAD_DQ_ESCAPE: ['an unknown escape in a double-quoted string', "use single quotes for text with backslashes: '\\d+'"],
  BLOCK_IN_FLOW: ['a block list or mapping inside [ ] or { }', 'write the inner one in [ ] or { } too'],
}

/** The value of this line begins with an unquoted `{{`. */
const bareTemplate = /^(?<lead>\s*(?:- +)*(?:[^\s'"#{][^'"#{]*?:\s+|- +)?)\{\{/

export function unquotedTemplate(at: Position): Diagnostic {
  return errorAt(
    'yaml-unquoted-template',
    'a value that begins with {{ must be quoted',
    at,
    'YAML reads { as the start of a mapping; write "{{ … }}" with quotes around the whole value',
  )
}

/** At most one diagnostic a line, and none that only follows from another before it. */
export function explain(complaints: readonly Complaint[], lines: Lines): Diagnostic[] {
  const result: Diagnostic[] = []
  for (const complaint of [...complaints].sort((a, b) => a.offset - b.offset)) {
    const at = lines.at(complaint.offset)
    const last = result.at(-1)?.at
    if (last && at.line <= last.line + 1) continue
    const line = lines.line(complaint.offset)
    const bare = bareTemplate.exec(line)
    if (bare) {
      result.push(unquotedTemplate({ ...at, column: bare.groups!.lead!.length + 1 }))
      continue
    }
    const [message, hint] = wording(complaint)
    result.push(errorAt('yaml-syntax', message, at, /^\t/.test(line) ? texts.TAB_AS_INDENT?.[1] : hint))
  }
  return result.slice(0, 20)
}

function wording({ code, message }: Complaint): readonly [message: string, hint: string | undefined] {
  const quote = /closing (["'])/.exec(message)
  if (quote) return [`a quote ${quote[1]} that is not closed`, `write ${quote[1]} behind the text`]
  if (code === 'MISSING_CHAR' && message.startsWith('Sequence item')) {
    return ['a line that belongs to no list item', "begin it with '- ', or check its indentation"]
  }
  const known = texts[code]
  return (
    known ?? [lowerFirst(message), code === 'MISSING_CHAR' ? 'check brackets, and the space after a colon' : undefined]
  )
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '')
}
