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

/** The text after the edit, as Ansible's lineinfile documents it. Line breaks of the file are kept. */
export function editLines(text: string, edit: LineEdit): EditedText {
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const lines = text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/)
  const before = lines.join('\n')
  const answer = edit.state === 'absent' ? removeLines(lines, edit) : putLine(lines, edit)
  if (answer.lines.join('\n') === before && answer.lines.length === lines.length) return { text, message: '', found: 0 }
  return { text: answer.lines.map((line) => line + newline).join(''), message: answer.message, found: answer.found }
}

interface Edited {
  readonly lines: string[]
  readonly message: string
  readonly found: number
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

function removeLines(lines: string[], edit: LineEdit): Edited {
  const matches = matcher(edit) ?? ((line: string) => line === edit.line)
  const kept = lines.filter((line) => !matches(line))
  const found = lines.length - kept.length
  return { lines: kept, message: found > 0 ? `${found} line(s) removed` : '', found }
}

function putLine(lines: string[], edit: LineEdit): Edited {
  const line = edit.line!
  const matches = matcher(edit)
  const at = matches ? lines.findLastIndex(matches) : -1
  if (at >= 0) {
    const replacement = edit.backrefs ? expand(lines[at]!, edit) : line
    const copy = [...lines]
    copy[at] = replacement
    return { lines: copy, message: 'line replaced', found: 1 }
  }
  if (edit.backrefs || lines.includes(line)) return { lines, message: '', found: 0 }
  const copy = [...lines]
  copy.splice(insertAt(lines, edit), 0, ...line.split('\n'))
  return { lines: copy, message: 'line added', found: 0 }
}

function expand(current: string, edit: LineEdit): string {
  const match = compile(edit.regexp!, 'regexp').exec(current)
  return match ? expandReplacement(edit.line!, match) : edit.line!
}

function insertAt(lines: readonly string[], edit: LineEdit): number {
  const { insertbefore, insertafter, firstmatch } = edit
  if (insertbefore === 'BOF') return 0
  const pattern = insertbefore ?? insertafter
  if (pattern === undefined || pattern === 'EOF') return lines.length
  const regexp = compile(pattern, insertbefore === undefined ? 'insertafter' : 'insertbefore')
  const test = (line: string): boolean => regexp.test(line)
  const at = firstmatch ? lines.findIndex(test) : lines.findLastIndex(test)
  if (at < 0) return lines.length
  return insertbefore === undefined ? at + 1 : at
}
