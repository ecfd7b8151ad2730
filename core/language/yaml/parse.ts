import { type Document, parseAllDocuments, visit } from 'yaml'
import { type Diagnostic, errorAt } from '../diagnostic.ts'
import type { ParsedYaml } from '../types.ts'
import { Converter } from './convert.ts'
import { explain } from './mistakes.ts'
import { Lines } from './position.ts'

/** Longest file, in characters. */
const maxLength = 64 * 1024 * 1024
const tooDeep = 'nested too deep to be read'
/** Brackets open at once, or list items begun in one line, beyond which the parser is not even asked. */
const maxOpen = 1000

/**
 * A file with one document, its scalars read as PyYAML reads them. Never throws for bad input: a syntax error leaves the
 * root undefined and stands in the diagnostics, other mistakes are reported beside the tree.
 */
export function parseYaml(text: string, file: string): ParsedYaml {
  const [first, second] = parseYamlDocuments(text, file)
  if (!first) return { root: undefined, diagnostics: [] }
  if (!second) return first
  const at = second.root?.at ?? { file, line: 1, column: 1 }
  const many = errorAt('yaml-documents', 'more than one document in the file', at, 'remove the line `---`')
  return { root: first.root, diagnostics: [...first.diagnostics, ...second.diagnostics, many] }
}

/** A file with any number of documents, separated by `---`. */
export function parseYamlDocuments(text: string, file: string): ParsedYaml[] {
  if (text.length > maxLength) {
    const tooLong = errorAt('yaml-too-large', `longer than ${maxLength} characters`, { file, line: 1, column: 1 })
    return [{ root: undefined, diagnostics: [tooLong] }]
  }
  const source = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  const lines = new Lines(source, file)
  const deep = deepBracket(source)
  if (deep !== undefined) return [{ root: undefined, diagnostics: [errorAt('yaml-too-deep', tooDeep, lines.at(deep))] }]
  let documents: ReturnType<typeof parseAllDocuments>
  try {
    documents = parseAllDocuments(source, {
      version: '1.1',
      schema: 'failsafe',
      merge: false,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
    })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const at = { file, line: 1, column: 1 }
    return [{ root: undefined, diagnostics: [errorAt('yaml-too-deep', tooDeep, at)] }]
  }
  if (!Array.isArray(documents)) return []
  return documents.map((document) => {
    const complaints = document.errors.map((e) => ({
      code: e.code,
      message: e.message,
      offset: /closing ["']/.test(e.message) ? openQuote(document, e.pos[0]) : e.pos[0],
    }))
    if (complaints.length > 0) return { root: undefined, diagnostics: explain(complaints, lines) }
    if (!document.contents) return { root: undefined, diagnostics: [] }
    const converter = new Converter(lines)
    const root = converter.convert(document.contents)
    const diagnostics: Diagnostic[] = converter.diagnostics
    return { root, diagnostics }
  })
}

/** Where the quoted text begins that runs until `end`. */
function openQuote(document: Document, end: number): number {
  let start = end
  visit(document, {
    Scalar(_, node) {
      if (node.type?.startsWith('QUOTE') && node.range && node.range[1] >= end) start = node.range[0]
    },
  })
  return start
}

/** Offset of a nesting that no file of a person's has and that would keep the parser busy; brackets in texts count too. */
function deepBracket(text: string): number | undefined {
  const dashes = new RegExp(`^(?:[ ]*- ){${maxOpen}}`, 'm').exec(text)
  if (dashes) return dashes.index
  let open = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x5b || code === 0x7b) {
      if (++open > maxOpen) return i
    } else if ((code === 0x5d || code === 0x7d) && open > 0) open--
  }
  return undefined
}
