import { isAlias, isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap } from 'yaml'
import type { Position } from '../../events/types.ts'
import { type Diagnostic, errorAt } from '../diagnostic.ts'
import { hasMarks, userText } from '../marks.ts'
import { didYouMean } from '../suggest.ts'
import type { YamlEntry, YamlNode, YamlScalar } from '../types.ts'
import { Template, type Value } from '../values.ts'
import { mergeEntries } from './merge.ts'
import { unquotedTemplate } from './mistakes.ts'
import { type Lines, scalarParts } from './position.ts'
import { plainScalar, surprise } from './scalar.ts'
import { explicitScalar, knownTags, standardPrefix } from './tags.ts'

const maxDepth = 200
/** Nodes that a document may have once its aliases are written out. */
const maxNodes = 5_000_000

/** Keys whose number is octal anyway: no surprise. */
const octalKeys = new Set(['mode', 'directory_mode', 'umask'])

const styles = {
  PLAIN: 'plain',
  QUOTE_SINGLE: 'single',
  QUOTE_DOUBLE: 'double',
  BLOCK_LITERAL: 'literal',
  BLOCK_FOLDED: 'folded',
} as const

/** Makes our tree of one parsed document; mistakes are collected, and a broken part is read as null. */
export class Converter {
  readonly diagnostics: Diagnostic[] = []
  readonly #lines: Lines
  readonly #anchors = new Map<string, YamlNode | 'open'>()
  readonly #weights = new WeakMap<YamlNode, number>()
  #tooLarge = false

  constructor(lines: Lines) {
    this.#lines = lines
  }

  convert(node: Node, depth = 0, unsafe = false): YamlNode {
    const at = this.#lines.at(node.range?.[0] ?? 0)
    if (depth > maxDepth) return this.#broken(at, errorAt('yaml-too-deep', `nested deeper than ${maxDepth} levels`, at))
    if (isAlias(node)) return this.#alias(node.source, at)
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined
    if (anchor !== undefined) this.#anchors.set(anchor, 'open')
    const result = this.#collection(node, at, depth, unsafe || node.tag === '!unsafe')
    if (anchor !== undefined) this.#anchors.set(anchor, result)
    return result
  }

  #collection(node: Node, at: Position, depth: number, unsafe: boolean): YamlNode {
    if (isSeq(node)) {
      this.#checkTag(node.tag, at)
      const items = node.items.map((item) => this.convert(item as Node, depth + 1, unsafe))
      return this.#weigh({ kind: 'sequence', items, at }, items)
    }
    if (isMap(node)) return this.#mapping(node, at, depth, unsafe)
    return isScalar(node) ? this.#weigh(this.#scalar(node, at, unsafe), []) : nullAt(at)
  }

  #mapping(map: YAMLMap, at: Position, depth: number, unsafe: boolean): YamlNode {
    this.#checkTag(map.tag, at)
    const only = map.items.length === 1 ? map.items[0] : undefined
    if (map.flow && only && isMap(only.key) && only.key.flow) return this.#broken(at, unquotedTemplate(at))
    const own: YamlEntry[] = []
    const merged: YamlNode[] = []
    for (const pair of map.items) {
      const key = this.#key(pair.key as Node | null, at)
      if (!key) continue
      const value = pair.value ? this.convert(pair.value as Node, depth + 1, unsafe) : nullAt(key.at)
      if (octalKeys.has(key.source) && this.diagnostics.at(-1)?.at === value.at) this.diagnostics.pop()
      if (key.style === 'plain' && key.source === '<<' && isScalar(pair.key)) merged.push(value)
      else own.push({ key, value })
    }
    const entries = mergeEntries(merged, own, this.diagnostics)
    return this.#weigh(
      { kind: 'mapping', entries, at },
      entries.map((e) => e.value),
    )
  }

  /** A key is a scalar, never a template. */
  #key(node: Node | null, parent: Position): YamlScalar | undefined {
    if (!node) return nullAt(parent)
    const at = this.#lines.at(node.range?.[0] ?? 0)
    const key = isMap(node) || isSeq(node) ? undefined : this.convert(node)
    if (key?.kind !== 'scalar') {
      this.diagnostics.push(
        errorAt('yaml-key', 'a key cannot be a list or a mapping', at, 'quote it if it is meant as text'),
      )
      return undefined
    }
    if (typeof key.value === 'boolean' && key.style === 'plain' && !/^(true|false)$/i.test(key.source)) {
      this.#note(at, `the key ${key.source} is read as ${key.value ? 'true' : 'false'}`, key.source)
    }
    return key.value instanceof Template ? { ...key, value: key.value.source } : key
  }

  #scalar(node: Scalar, at: Position, unsafe: boolean): YamlScalar {
    const style = styles[node.type as keyof typeof styles] ?? 'plain'
    const text = typeof node.value === 'string' ? node.value : ''
    const source = style === 'plain' ? (node.source ?? text) : text
    const base = { kind: 'scalar', source, style, at } as const
    const tag = node.tag
    if (tag === '!vault' || tag === '!vault-encrypted') return { ...base, value: text, tag: 'vault' }
    if (unsafe)
      return { ...base, value: tag === '!unsafe' || style !== 'plain' ? text : plainScalar(text), tag: 'unsafe' }
    if (tag?.startsWith(standardPrefix)) {
      const value = explicitScalar(tag.slice(standardPrefix.length), text)
      if (value === undefined) {
        this.diagnostics.push(errorAt('yaml-tag', `'${text}' is not a value for its tag, or the tag is not known`, at))
        return nullAt(at)
      }
      return { ...base, value: this.#template(value, node, at) }
    }
    if (tag !== undefined && tag !== '!') {
      this.#checkTag(tag, at)
      return nullAt(at)
    }
    if (style !== 'plain') return { ...base, value: this.#template(text, node, at) }
    const value = plainScalar(text)
    const odd = surprise(text, value)
    if (odd !== undefined) this.#note(at, odd, text)
    return { ...base, value: this.#template(value, node, at) }
  }

  #template(value: Value, node: Scalar, at: Position): Value {
    if (typeof value !== 'string' || !hasMarks(value)) return value
    const [start, end] = node.range ?? [0, 0]
    const parts = scalarParts(this.#lines, start, end, value)
    const first = parts[0]
    const from = first && first.offset === 0 ? { ...at, line: first.line, column: first.column } : at
    return userText(value, from, parts.length > 1 ? parts : undefined)
  }

  #alias(name: string, at: Position): YamlNode {
    const target = this.#anchors.get(name)
    if (target && target !== 'open') return target
    if (target) return this.#broken(at, errorAt('yaml-alias', `the alias *${name} stands inside its own anchor`, at))
    const close = didYouMean(name, this.#anchors.keys())
    const hint = close ? `did you mean *${close}?` : 'an anchor (&name) must stand before its alias'
    return this.#broken(at, errorAt('yaml-alias', `the alias *${name} has no anchor`, at, hint))
  }

  #checkTag(tag: string | undefined, at: Position): void {
    if (tag === undefined || knownTags.has(tag)) return
    const close = didYouMean(tag, ['!vault', '!unsafe'])
    const hint = close ? `did you mean ${close}?` : 'the tags of playbooks are !vault and !unsafe'
    this.diagnostics.push(errorAt('yaml-tag', `unknown tag ${tag.replace(standardPrefix, '!!')}`, at, hint))
  }

  /** Aliases share nodes, so a small file may be an enormous tree; its size is counted written out. */
  #weigh<N extends YamlNode>(node: N, parts: readonly YamlNode[]): N | YamlScalar {
    let weight = 1
    for (const part of parts) weight += this.#weights.get(part) ?? 1
    this.#weights.set(node, weight)
    if (weight <= maxNodes) return node
    if (this.#tooLarge) return nullAt(node.at)
    this.#tooLarge = true
    return this.#broken(node.at, errorAt('yaml-too-large', `more than ${maxNodes} values, aliases counted`, node.at))
  }

  #broken(at: Position, diagnostic: Diagnostic): YamlScalar {
    this.diagnostics.push(diagnostic)
    return nullAt(at)
  }

  #note(at: Position, message: string, text: string): void {
    this.diagnostics.push({
      severity: 'note',
      code: 'yaml-surprise',
      message,
      at,
      hint: `write '${text}' with quotes if text is meant`,
    })
  }
}

function nullAt(at: Position): YamlScalar {
  return { kind: 'scalar', value: null, source: '', style: 'plain', at }
}
