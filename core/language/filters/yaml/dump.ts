import {
  floatText,
  isFloat,
  numeric,
  sorted,
  toNumber,
  typeError,
  typeName,
  usable,
  valueError,
} from '../../python/index.ts'
import { type DictKey, PythonObject, Tuple, type Value } from '../../values.ts'
import { writeText } from './scalar.ts'

export interface YamlStyle {
  /** Spaces of one level, 2 to 9. */
  readonly indent: number
  /** Flow style for all, for none, or for the collections that hold scalars only. */
  readonly flow: boolean | 'leaves'
  readonly sortKeys: boolean
  /** Column after which text is folded. */
  readonly width: number
  readonly explicitStart: boolean
}

/** Longer keys are written behind a question mark. */
const longestKey = 128

type Collection = Value[] | ReadonlyMap<DictKey, Value>

/** yaml.dump as Ansible calls it. */
export function dumpYaml(value: Value, style: YamlStyle): string {
  const body = new Dumper(style).node(value, 0, 0, false, 0)
  const isScalar = collection(value) === undefined
  const text = body.startsWith('\n') ? body.slice(1) : body
  return `${style.explicitStart ? (isScalar || /^[[{]/.test(text) ? '--- ' : '---\n') : ''}${text}\n`
}

function collection(value: Value): Collection | undefined {
  const v = usable(value)
  if (v instanceof Tuple) return [...v.items]
  return Array.isArray(v) || v instanceof Map ? v : undefined
}

class Dumper {
  readonly #style: YamlStyle
  constructor(style: YamlStyle) {
    this.#style = style
  }

  /** A node behind a key or a dash; a block collection begins with a line break. `column` is where it would begin. */
  node(value: Value, indent: number, column: number, isUnderKey: boolean, depth: number): string {
    if (depth > 200) throw valueError('nested deeper than 200 levels')
    const nodes = collection(value)
    if (!nodes)
      return this.#scalar(
        value,
        column,
        Math.max(indent, isUnderKey || depth > 0 ? indent : this.#style.indent),
        false,
        false,
      )
    if (this.#isFlow(nodes)) return this.#flow(nodes, column, indent)
    const pad = ' '.repeat(indent)
    if (Array.isArray(nodes)) {
      const at = isUnderKey ? Math.max(indent - this.#style.indent, 0) : indent
      return nodes.map((x) => `\n${' '.repeat(at)}${this.#inSequence(x, at, depth)}`).join('')
    }
    return this.#entries(nodes)
      .map(([k, v]) => `\n${pad}${this.#entry(k, v, indent, depth)}`)
      .join('')
  }

  /** A nested block begins on the line of the dash, filled up to the indent. */
  #inSequence(value: Value, at: number, depth: number): string {
    const inner = at + this.#style.indent
    const text = this.node(value, inner, at + 2, false, depth + 1)
    return text.startsWith('\n') ? `-${text.slice(at + 2)}` : `- ${text}`
  }

  #entry(key: Value, value: Value, indent: number, depth: number): string {
    const name = this.#scalar(key, indent, indent, false, true)
    const inner = indent + this.#style.indent
    const text = this.node(value, inner, indent + name.length + 2, true, depth + 1)
    if (name.length > longestKey) {
      const folded = this.#scalar(key, indent + 2, inner, false, false)
      return `? ${folded}\n${' '.repeat(indent)}:${text.startsWith('\n') ? text : ` ${text}`}`
    }
    return text.startsWith('\n') ? `${name}:${text}` : `${name}: ${text}`
  }

  #entries(dict: ReadonlyMap<DictKey, Value>): [DictKey, Value][] {
    return this.#style.sortKeys ? sorted([...dict], ([k]) => k) : [...dict]
  }

  #isFlow(nodes: Collection): boolean {
    const items = Array.isArray(nodes) ? nodes : [...nodes.values()]
    if (items.length === 0) return true
    return this.#style.flow === 'leaves' ? items.every((x) => !collection(x)) : this.#style.flow
  }

  /** Items in brackets, broken where the line is full. */
  #flow(nodes: Collection, start: number, indent: number): string {
    const [open, close] = Array.isArray(nodes) ? ['[', ']'] : ['{', '}']
    const inner = indent === 0 ? this.#style.indent : indent
    let out = open
    let column = start + 1
    const put = (text: string): void => {
      out += text
      const at = text.lastIndexOf('\n')
      column = at < 0 ? column + text.length : text.length - at - 1
    }
    const items: [Value | undefined, Value][] = Array.isArray(nodes)
      ? nodes.map((x) => [undefined, x])
      : this.#entries(nodes)
    for (const [i, [key, value]] of items.entries()) {
      if (i > 0) put(',')
      if (column > this.#style.width) put(`\n${' '.repeat(inner)}`)
      else if (i > 0) put(' ')
      if (key !== undefined) put(`${this.#scalar(key, column, inner, true, true)}: `)
      const nested = collection(value)
      put(
        nested
          ? this.#flow(nested, column, inner + this.#style.indent)
          : this.#scalar(value, column, inner, true, false),
      )
    }
    return out + close
  }

  #scalar(value: Value, column: number, indent: number, inFlow: boolean, isKey: boolean): string {
    const v = usable(value)
    if (v === null) return 'null'
    if (typeof v === 'boolean' || typeof v === 'bigint') return String(v)
    if (isFloat(v)) return float(toNumber(numeric(v) ?? { int: 0 }))
    if (typeof v === 'number') return String(v)
    if (typeof v === 'string') return writeText(v, column, indent, this.#style.width, inFlow, isKey)
    if (v instanceof PythonObject) return v.str()
    throw typeError(`cannot represent an object of type ${typeName(v)}`)
  }
}

function float(v: number): string {
  if (!Number.isFinite(v)) return Number.isNaN(v) ? '.nan' : v > 0 ? '.inf' : '-.inf'
  const text = floatText(v)
  return text.includes('.') ? text : text.replace('e', '.0e')
}
