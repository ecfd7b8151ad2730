import { type DictKey, Float, Tuple, type Value } from '../language/values.ts'

/*
 * Values of an INI inventory: a Python literal (numbers, quoted text, True, False, None, lists, tuples, dicts) is its value,
 * anything else is the text that was written. `true`, `yes` and `0644` are no Python literals: they are text.
 */

class NoLiteral extends Error {}

/** The value of a Python literal, or undefined when the text is none. A comment may follow. */
export function pythonLiteral(source: string): Value | undefined {
  if (!/^[ \t]*[-+.\d'"[({TFNrRuU]/.test(source)) return undefined
  const reader = new Reader(source)
  try {
    const value = reader.top()
    return value
  } catch (error) {
    if (error instanceof NoLiteral) return undefined
    throw error
  }
}

const number =
  /^(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:\d(?:_?\d)*)?\.\d(?:_?\d)*(?:[eE][-+]?\d(?:_?\d)*)?|\d(?:_?\d)*\.?(?:[eE][-+]?\d(?:_?\d)*)?)/

class Reader {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  top(): Value {
    this.#space()
    const first = this.#value()
    this.#space()
    if (this.#peek() !== ',') return this.#end(first)
    const items = [first]
    while (this.#take(',')) {
      if (this.#atEnd()) break
      items.push(this.#value())
    }
    return this.#end(new Tuple(items))
  }

  #end(value: Value): Value {
    if (!this.#atEnd()) throw new NoLiteral()
    return value
  }

  #atEnd(): boolean {
    this.#space()
    return this.#at >= this.#text.length
  }

  #peek(): string {
    return this.#text[this.#at] ?? ''
  }

  #take(token: string): boolean {
    this.#space()
    if (!this.#text.startsWith(token, this.#at)) return false
    this.#at += token.length
    return true
  }

  #space(): void {
    while (/[ \t]/.test(this.#peek())) this.#at++
    if (this.#peek() === '#') this.#at = this.#text.length
  }

  #value(): Value {
    if (++this.#depth > 100) throw new NoLiteral()
    this.#space()
    const value = this.#unlimited()
    this.#depth--
    return value
  }

  #unlimited(): Value {
    const c = this.#peek()
    if (c === '[') return this.#list(']')
    if (c === '(') return this.#parenthesis()
    if (c === '{') return this.#dict()
    if (/^[rRuU]?['"]/.test(this.#text.slice(this.#at, this.#at + 2))) return this.#strings()
    const word = /^[A-Za-z_]\w*/.exec(this.#text.slice(this.#at))?.[0]
    if (word !== undefined) {
      this.#at += word.length
      if (word === 'True') return true
      if (word === 'False') return false
      if (word === 'None') return null
      throw new NoLiteral()
    }
    return this.#number()
  }

  #number(): Value {
    const negative = this.#peek() === '-'
    if (negative || this.#peek() === '+') this.#at++
    while (/[ \t]/.test(this.#peek())) this.#at++
    const text = number.exec(this.#text.slice(this.#at))?.[0]
    if (text === undefined) throw new NoLiteral()
    this.#at += text.length
    if (/[\w.]/.test(this.#peek())) throw new NoLiteral()
    const digits = text.replaceAll('_', '')
    if (/^\d+$/.test(digits) || /^0[xXoObB]/.test(digits)) {
      if (/^0+[1-9]/.test(digits)) throw new NoLiteral()
      const exact = negative ? -BigInt(digits) : BigInt(digits)
      const near = Number(exact)
      return Number.isSafeInteger(near) ? near : exact
    }
    const float = negative ? -Number(digits) : Number(digits)
    return Number.isInteger(float) || !Number.isFinite(float) ? new Float(float) : float
  }

  #list(close: string): Value[] {
    this.#at++
    const items: Value[] = []
    while (!this.#take(close)) {
      items.push(this.#value())
      if (!this.#take(',')) {
        if (this.#take(close)) break
        throw new NoLiteral()
      }
    }
    return items
  }

  #parenthesis(): Value {
    const start = this.#at
    const items = this.#list(')')
    const inside = this.#text.slice(start, this.#at)
    return items.length === 1 && !/,\s*\)$/.test(inside) ? items[0]! : new Tuple(items)
  }

  #dict(): Value {
    this.#at++
    const dict = new Map<DictKey, Value>()
    while (!this.#take('}')) {
      const key = this.#value()
      if (key !== null && typeof key === 'object') throw new NoLiteral()
      if (!this.#take(':')) throw new NoLiteral()
      dict.set(key, this.#value())
      if (!this.#take(',')) {
        if (this.#take('}')) break
        throw new NoLiteral()
      }
    }
    return dict
  }

  /** Adjacent strings are one. */
  #strings(): string {
    let result = ''
    do {
      result += this.#string()
      this.#space()
    } while (/^[rRuU]?['"]/.test(this.#text.slice(this.#at, this.#at + 2)))
    return result
  }

  #string(): string {
    const prefix = /[rRuU]/.test(this.#peek()) ? this.#text[this.#at++]!.toLowerCase() : ''
    const one = this.#peek()
    const quote = this.#text.startsWith(one.repeat(3), this.#at) ? one.repeat(3) : one
    this.#at += quote.length
    const start = this.#at
    while (!this.#text.startsWith(quote, this.#at)) {
      if (this.#at >= this.#text.length) throw new NoLiteral()
      this.#at += this.#peek() === '\\' ? 2 : 1
    }
    const body = this.#text.slice(start, this.#at)
    this.#at += quote.length
    return prefix === 'r' ? body : unescapeText(body)
  }
}

const simple: Record<string, string> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
}

function unescapeText(body: string): string {
  return body.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|(.))/gs,
    (all, x?: string, u?: string, long?: string, octal?: string, other?: string) => {
      const hex = x ?? u ?? long
      if (hex !== undefined) {
        const code = Number.parseInt(hex, 16)
        if (code > 0x10ffff) throw new NoLiteral()
        return String.fromCodePoint(code)
      }
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8))
      return simple[other!] ?? all
    },
  )
}
