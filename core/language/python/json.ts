import { Float, PythonObject, Tuple, type Value } from '../values.ts'
import { dictSet } from './dict.ts'
import { typeError, valueError } from './error.ts'
import { floatText, floatValue, intValue } from './number.ts'
import { sorted } from './order.ts'
import { typeName } from './typename.ts'
import { usable } from './usable.ts'

export interface JsonStyle {
  /** Spaces of one level; undefined for one line. */
  readonly indent?: number | string
  readonly sortKeys?: boolean
  readonly ensureAscii?: boolean
  /** Between items, and behind a key. */
  readonly separators?: readonly [string, string]
}

/** json.dumps */
export function dumpJson(value: Value, style: JsonStyle = {}): string {
  const unit = typeof style.indent === 'number' ? ' '.repeat(style.indent) : style.indent
  return write(
    value,
    { ...style, separators: style.separators ?? [unit === undefined ? ', ' : ',', ': '] },
    unit,
    '\n',
    0,
  )
}

type Style = JsonStyle & { separators: readonly [string, string] }

function write(value: Value, style: Style, unit: string | undefined, line: string, depth: number): string {
  if (depth > 500) throw valueError('nested deeper than 500 levels')
  const v = usable(value)
  if (v === null) return 'null'
  if (typeof v === 'string') return quoteJson(v, style.ensureAscii ?? true)
  if (typeof v === 'boolean' || typeof v === 'bigint') return String(v)
  if (typeof v === 'number' || v instanceof Float) return number(v)
  const inner = line + (unit ?? '')
  const [item, colon] = style.separators
  const wrap = (open: string, parts: string[], close: string): string => {
    if (parts.length === 0) return open + close
    return unit === undefined ? open + parts.join(item) + close : open + inner + parts.join(item + inner) + line + close
  }
  const deeper = (x: Value): string => write(x, style, unit, inner, depth + 1)
  if (Array.isArray(v)) return wrap('[', v.map(deeper), ']')
  if (v instanceof Tuple) return wrap('[', v.items.map(deeper), ']')
  if (v instanceof Map) {
    const entries = style.sortKeys ? sorted(v, ([k]) => k) : [...v]
    return wrap(
      '{',
      entries.map(([k, x]) => quoteJson(keyText(k), style.ensureAscii ?? true) + colon + deeper(x)),
      '}',
    )
  }
  if (v instanceof PythonObject) return quoteJson(v.str(), style.ensureAscii ?? true)
  throw typeError(`Object of type ${typeName(v)} is not JSON serializable`)
}

function number(v: number | Float): string {
  if (typeof v === 'number' && Number.isSafeInteger(v)) return String(v)
  const float = typeof v === 'number' ? v : v.value
  if (Number.isFinite(float)) return floatText(float)
  return Number.isNaN(float) ? 'NaN' : float > 0 ? 'Infinity' : '-Infinity'
}

function keyText(key: Value): string {
  if (typeof key === 'string') return key
  return typeof key === 'number' ? number(key) : String(key)
}

function quoteJson(text: string, ascii: boolean): string {
  const quoted = JSON.stringify(text)
  return ascii
    ? quoted.replace(/[\x7f-\uffff]/g, (c) =>
        c === '\x7f' ? c : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
      )
    : quoted
}

/** json.loads: ints exact, floats kept floats, strings as data. */
export function loadJson(text: string): Value {
  const parser = new JsonParser(text)
  return parser.document()
}

class JsonParser {
  readonly #text: string
  #i = 0
  constructor(text: string) {
    this.#text = text
  }

  document(): Value {
    const value = this.#value(0)
    this.#space()
    if (this.#i < this.#text.length) throw this.#error('Extra data', this.#i)
    return value
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#i
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#i += found.length
    return found
  }

  #space(): void {
    this.#take(/[ \t\n\r]*/y)
  }

  #error(message: string, at: number): Error {
    const before = this.#text.slice(0, at).split('\n')
    return valueError(`${message}: line ${before.length} column ${(before.at(-1)?.length ?? 0) + 1} (char ${at})`)
  }

  #value(depth: number): Value {
    if (depth > 500) throw valueError('nested deeper than 500 levels')
    this.#space()
    const c = this.#text[this.#i]
    if (c === '"') return this.#string()
    if (c === '{') return this.#object(depth)
    if (c === '[') return this.#array(depth)
    const word = this.#take(/true|false|null|NaN|-?Infinity/y)
    if (word !== undefined) return words.get(word) ?? null
    const float = this.#take(/-?(?:0|[1-9]\d*)(?:\.\d+(?:[eE][+-]?\d+)?|[eE][+-]?\d+)/y)
    if (float !== undefined) return floatValue(Number(float))
    const int = this.#take(/-?(?:0|[1-9]\d*)/y)
    if (int !== undefined) return intValue(BigInt(int))
    throw this.#error('Expecting value', this.#i)
  }

  #string(): string {
    const at = this.#i
    const token = this.#take(/"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y)
    if (token === undefined) throw this.#error('Unterminated string starting at', at)
    return JSON.parse(token) as string
  }

  #array(depth: number): Value {
    const items: Value[] = []
    this.#i++
    this.#space()
    if (this.#take(/\]/y)) return items
    for (;;) {
      items.push(this.#value(depth + 1))
      this.#space()
      if (this.#take(/\]/y)) return items
      if (!this.#take(/,/y)) throw this.#error("Expecting ',' delimiter", this.#i)
    }
  }

  #object(depth: number): Value {
    const dict = new Map<string, Value>()
    this.#i++
    this.#space()
    if (this.#take(/\}/y)) return dict
    for (;;) {
      this.#space()
      if (this.#text[this.#i] !== '"') throw this.#error('Expecting property name enclosed in double quotes', this.#i)
      const key = this.#string()
      this.#space()
      if (!this.#take(/:/y)) throw this.#error("Expecting ':' delimiter", this.#i)
      dictSet(dict, key, this.#value(depth + 1))
      this.#space()
      if (this.#take(/\}/y)) return dict
      if (!this.#take(/,/y)) throw this.#error("Expecting ',' delimiter", this.#i)
    }
  }
}

const words = new Map<string, Value>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', new Float(Number.NaN)],
  ['Infinity', new Float(Infinity)],
  ['-Infinity', new Float(-Infinity)],
])
