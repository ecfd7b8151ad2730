import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const PAGE = join(import.meta.dirname, '../../../docs/coverage.md')

/** A test that the page names: its file, relative to docs/, and the title of its `it`. */
export interface Proof {
  readonly file: string
  readonly title: string
}

/** One operation of a guide, as docs/coverage.md has it. */
export interface Operation {
  /** Such as 2.17: the guide, and its number in it. */
  readonly number: string
  readonly section: string
  /** The cell that says how it is done, with its code in backquotes. */
  readonly way: string
  /** Tasks in YAML, each one line. */
  readonly tasks: readonly string[]
  /** Commands of virtfleet. */
  readonly commands: readonly string[]
  /** Playbooks of the repository. */
  readonly playbooks: readonly string[]
  readonly proof: string
  readonly proofs: readonly Proof[]
}

/** Numbers of the operations that the page lists, at its head, as not there yet. */
export function listedAsMissing(text = readFileSync(PAGE, 'utf8')): string[] {
  const [, part = ''] = text.split('\n## ', 2)
  return [...part.matchAll(/^- .*$/gm)].flatMap(([line]) => line.match(/\b\d\.\d+\b/g) ?? [])
}

/** Reads the tables below the headings of sections. A line of a table that has not five cells is an error. */
export function readPage(text = readFileSync(PAGE, 'utf8')): Operation[] {
  let guide = ''
  let section = ''
  const operations: Operation[] = []
  for (const line of text.split('\n')) {
    if (line.startsWith('## ')) guide = line.replace(/^## (Guide \d).*/, '$1')
    if (line.startsWith('### ')) section = `${guide}: ${line.replace(/^### (.*?) \([^)]*\)$/, '$1')}`
    if (!line.startsWith('| ') || /^\| (?:\||---)/.test(line)) continue
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim())
    if (cells.length !== 7) throw new Error(`not five cells: ${line}`)
    const [, number = '', , way = '', proof = ''] = cells
    operations.push({ number, section, way, proof, proofs: proofsOf(proof), ...codeOf(way) })
  }
  return operations
}

function proofsOf(cell: string): Proof[] {
  return [...cell.matchAll(/\]\(([^)]+)\) “(.+?)”(?=$|[ ;])/g)].map(([, file = '', title = '']) => ({ file, title }))
}

function codeOf(cell: string): Pick<Operation, 'tasks' | 'commands' | 'playbooks'> {
  const code = [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text)
  const isCommand = (text: string): boolean => text.startsWith('virtfleet ')
  const isPlaybook = (text: string): boolean => text.startsWith('playbooks/')
  return {
    tasks: code.filter((text) => !isCommand(text) && !isPlaybook(text)),
    commands: code.filter(isCommand),
    playbooks: code.filter(isPlaybook),
  }
}
