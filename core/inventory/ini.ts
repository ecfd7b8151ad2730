import type { Position } from '../events/types.ts'
import { errorAt } from '../language/diagnostic.ts'
import { didYouMean } from '../language/suggest.ts'
import { Template, type Value, type Variables } from '../language/values.ts'
import { hostNames } from './address.ts'
import type { InventoryData } from './data.ts'
import { pythonLiteral } from './literal.ts'
import { BadRange } from './range.ts'
import { splitWords, type Word } from './words.ts'

const section = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/
const kinds = ['hosts', 'vars', 'children']

interface Reference {
  readonly group: string
  readonly section: string
  readonly at: Position
}

/** Reads an INI inventory into the data; every bad line is a diagnostic, and the rest is read. */
export function parseIni(text: string, file: string, data: InventoryData): void {
  new IniReader(file, data).read(text)
}

class IniReader {
  readonly #file: string
  readonly #data: InventoryData
  readonly #declared = new Set(['all', 'ungrouped'])
  readonly #references: Reference[] = []
  #group = 'ungrouped'
  #kind = 'hosts'

  constructor(file: string, data: InventoryData) {
    this.#file = file
    this.#data = data
    for (const name of data.groups.keys()) this.#declared.add(name)
  }

  read(text: string): void {
    text.split(/\r?\n/).forEach((raw, index) => {
      const line = raw.trim()
      if (line === '' || line.startsWith('#') || line.startsWith(';')) return
      const at = { file: this.#file, line: index + 1, column: raw.length - raw.trimStart().length + 1 }
      if (line.startsWith('[') && !/^\[[0-9a-fA-F]*:[0-9a-fA-F:.]*\](?::\d+)?(?:\s|$)/.test(line))
        this.#section(line, at)
      else if (this.#kind === 'vars') this.#variable(line, at)
      else if (this.#kind === 'children') this.#child(line, at)
      else if (this.#kind === 'hosts') this.#hosts(line, at)
    })
    const known = [...this.#declared]
    for (const { group, section: inSection, at } of this.#references) {
      if (this.#declared.has(group)) continue
      const guess = didYouMean(group, known)
      const hint = guess === undefined ? `declare it with a line [${group}]` : `did you mean ${guess}?`
      this.#error('unknown-group', `section [${inSection}] names the group '${group}', which is not declared`, at, hint)
    }
  }

  #error(code: string, message: string, at: Position, hint?: string): void {
    this.#data.diagnostics.push(errorAt(code, message, at, hint))
  }

  #section(line: string, at: Position): void {
    const match = section.exec(line)
    if (!match) {
      this.#kind = 'skip'
      this.#error(
        'inventory-section',
        `'${line}' is not a section`,
        at,
        'write [group], [group:vars] or [group:children]',
      )
      return
    }
    const [, group, kind = 'hosts'] = match as unknown as [string, string, string?]
    this.#group = group
    this.#kind = kind
    if (!kinds.includes(kind)) {
      const guess = didYouMean(kind, kinds)
      this.#kind = 'skip'
      const hint = guess === undefined ? 'known are vars and children' : `did you mean [${group}:${guess}]?`
      this.#error('inventory-section', `section [${group}:${kind}] has an unknown kind`, at, hint)
      return
    }
    if (kind === 'vars') this.#references.push({ group, section: `${group}:vars`, at })
    else {
      this.#declared.add(group)
      this.#data.group(group)
    }
  }

  #variable(line: string, at: Position): void {
    const equals = line.indexOf('=')
    const name = line.slice(0, equals).trim()
    if (equals < 0 || name === '') {
      this.#error('inventory-line', `expected key=value, not '${line}'`, at, `this is section [${this.#group}:vars]`)
      return
    }
    const value = line.slice(equals + 1)
    const text = value.trim()
    const column = at.column + equals + 1 + (value.length - value.trimStart().length)
    const origin = `${this.#file} [${this.#group}]`
    this.#data.setVariables(this.#data.group(this.#group), origin, new Map([[name, iniValue(text, { ...at, column })]]))
  }

  #child(line: string, at: Position): void {
    const match = /^([^:\]\s]+)\s*(?:#.*)?$/.exec(line)
    if (!match) {
      this.#error(
        'inventory-line',
        `'${line}' is not the name of a group`,
        at,
        `this is section [${this.#group}:children]`,
      )
      return
    }
    this.#references.push({ group: match[1]!, section: `${this.#group}:children`, at })
    this.#data.addChild(this.#group, match[1]!, at)
  }

  #hosts(line: string, at: Position): void {
    const { words, unclosed, cut } = splitWords(line)
    const place = (offset: number): Position => ({ ...at, column: at.column + offset })
    if (unclosed !== undefined) {
      this.#error(
        'inventory-quote',
        'a quote is not closed',
        place(unclosed),
        'close it, or escape it with a backslash',
      )
      return
    }
    if (cut !== undefined) {
      this.#data.diagnostics.push({
        severity: 'warning',
        code: 'inventory-comment',
        message: 'the # begins a comment and cuts the value',
        at: place(cut),
        hint: 'quote the value if the # belongs to it',
      })
    }
    const [first, ...rest] = words
    if (!first) return
    const variables = this.#assignments(rest, at)
    try {
      if (first.text === '---')
        throw new BadRange("'---' is not a host name", 'a YAML inventory is named .yml or .yaml')
      const { names, port } = hostNames(first.text)
      if (port !== undefined) variables.set('ansible_port', port)
      for (const name of names) this.#data.setVariables(this.#data.host(name, this.#group), this.#file, variables)
    } catch (error) {
      if (!(error instanceof BadRange)) throw error
      this.#error('inventory-host', error.message, at, error.hint)
    }
  }

  #assignments(words: readonly Word[], at: Position): Variables {
    const variables: Variables = new Map()
    for (const word of words) {
      const equals = word.text.indexOf('=')
      const column = at.column + word.start
      if (equals <= 0) {
        const hint = 'one host a line; variables follow it as key=value, values with spaces in quotes'
        this.#error('inventory-line', `expected key=value, not '${word.text}'`, { ...at, column }, hint)
        continue
      }
      const offset = word.offsets[equals + 1] ?? word.start
      const value = iniValue(word.text.slice(equals + 1), { ...at, column: at.column + offset })
      variables.set(word.text.slice(0, equals), value)
    }
    return variables
  }
}

/** A Python literal, a template, or the text as it stands. */
export function iniValue(text: string, at: Position): Value {
  const value = pythonLiteral(text) ?? text
  return withTemplates(value, at)
}

/** Texts with template marks become templates, at any depth. */
export function withTemplates(value: Value, at: Position): Value {
  if (typeof value === 'string') return /\{[{%#]/.test(value) ? new Template(value, at) : value
  if (Array.isArray(value)) return value.map((item) => withTemplates(item, at))
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, withTemplates(item, at)]))
  return value
}
