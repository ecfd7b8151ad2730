import { expandReplacement, pythonRegex } from '../../core/language/python/regex.ts'
import { ModuleFailure } from '../../core/module/types.ts'

/** What a line edit needs to know: the arguments of lineinfile. */
export interface LineEdit {
  readonly line?: string | undefined
  readonly regexp?: string | undefined
  readonly search_string?: string | undefined
  readonly state: 'present' | 'absent'
  readonly backrefs: boolean
  readonly insertafter?: string | undefined
  readonly insertbefore?: string | undefined
  readonly firstmatch: boolean
}

export interface EditedText {
  readonly text: string
  readonly message: string
  readonly found: number
}

type Matcher = (line: string) => boolean

/** A line and what ends it; nothing ends the last one of a file without a final line break. */
interface Line {
  readonly text: string
  readonly end: string
}

const linesOf = (text: string): Line[] =>
  [...text.matchAll(/([^\n]*?)(\r?\n|$)/g)]
    .map((match) => ({ text: match[1]!, end: match[2]! }))
    .filter((line) => line.text !== '' || line.end !== '')

interface Edited {
  readonly lines: readonly Line[]
  readonly message: string
  readonly found: number
}

/**
 * The text after the edit, as Ansible's lineinfile documents it. Lines that are not meant stay byte for byte; a new one
 * ends as the file's first one does.
 */
export function editLines(text: string, edit: LineEdit): EditedText {
  const lines = linesOf(text)
  const { lines: after, message, found } = edit.state === 'absent' ? removeLines(lines, edit) : putLine(lines, edit)
  if (edit.state === 'present' && after === lines) return { text, message: '', found: 0 }
  const edited = after.map((line) => line.text + line.end).join('')
  return edited === text ? { text, message: '', found: 0 } : { text: edited, message, found }
}

function matcher(edit: LineEdit): Matcher | undefined {
  if (edit.regexp !== undefined) {
    const regexp = compile(edit.regexp, 'regexp')
    return (line) => regexp.test(line)
  }
  if (edit.search_string !== undefined) return (line) => line.includes(edit.search_string!)
  return undefined
}

function compile(pattern: string, name: string): RegExp {
  try {
    return pythonRegex(pattern)
  } catch (error) {
    throw new ModuleFailure(`bad regular expression in ${name}: ${(error as Error).message}`)
  }
}

function removeLines(lines: readonly Line[], edit: LineEdit): Edited {
  const matches = matcher(edit) ?? ((line: string) => line === edit.line)
  const kept = lines.filter((line) => !matches(line.text))
  const found = lines.length - kept.length
  return { lines: kept, message: found > 0 ? `${found} line(s) removed` : '', found }
}

function putLine(lines: readonly Line[], edit: LineEdit): Edited {
  const line = edit.line!
  const matches = matcher(edit)
  const at = matches ? find(lines, matches, edit.firstmatch) : -1
  const end = lines[0]?.end || '\n'
  if (at >= 0) {
    const replacement = edit.backrefs ? expand(lines[at]!.text, edit) : line
    const copy = lines.with(at, { text: replacement, end: lines[at]!.end || end })
    return replacement === lines[at]!.text
      ? { lines, message: '', found: 1 }
      : { lines: copy, message: 'line replaced', found: 1 }
  }
  if (edit.backrefs || lines.some((one) => one.text === line)) return { lines, message: '', found: 0 }
  const copy = lines.map((one) => ({ ...one, end: one.end || end }))
  copy.splice(insertAt(lines, edit), 0, ...line.split('\n').map((text) => ({ text, end })))
  return { lines: copy, message: 'line added', found: 0 }
}

function find(lines: readonly Line[], matches: Matcher, first: boolean): number {
  const test = (line: Line): boolean => matches(line.text)
  return first ? lines.findIndex(test) : lines.findLastIndex(test)
}

function expand(current: string, edit: LineEdit): string {
  const match = compile(edit.regexp!, 'regexp').exec(current)
  return match ? expandReplacement(edit.line!, match) : edit.line!
}

function insertAt(lines: readonly Line[], edit: LineEdit): number {
  const { insertbefore, insertafter, firstmatch } = edit
  if (insertbefore === 'BOF') return 0
  const pattern = insertbefore ?? insertafter
  if (pattern === undefined || pattern === 'EOF') return lines.length
  const regexp = compile(pattern, insertbefore === undefined ? 'insertafter' : 'insertbefore')
  const at = find(lines, (line) => regexp.test(line), firstmatch)
  if (at < 0) return lines.length
  return insertbefore === undefined ? at + 1 : at
}
