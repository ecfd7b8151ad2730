import nunjucks, { type Token, type Tokenizer } from 'nunjucks/src/lexer.js'
import { SyntaxMistake } from './syntax-error.ts'

/** A token of nunjucks' that also knows its offset. */
export interface Positioned extends Token {
  offset: number
}

export interface LexerOptions {
  /** Drop the newline behind a block or comment. */
  trimBlocks: boolean
  /** Drop the blanks before a block or comment that stands first on its line. */
  lstripBlocks: boolean
}

const Base = nunjucks.lex('').constructor as new (source: string, options: LexerOptions) => Tokenizer

const operators = /\/\/|\*\*|==|!=|>=|<=|[-+/*%~[\](){}<>=.:|,;]/y
const word = /[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*/uy
const real = /(?:[0-9]+_)*[0-9]+(?:(?:\.(?:[0-9]+_)*[0-9]+)?[eE][+-]?(?:[0-9]+_)*[0-9]+|\.(?:[0-9]+_)*[0-9]+)/y
const int = /0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+|[1-9](?:_?[0-9])*|0(?:_?0)*/y
const text = /'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*"/y
const rawStart = /\{%[-+]?\s*raw\s*(?:-%\}\s*|%\})/y
const rawEnd = /\{%([-+]?)\s*endraw\s*(\+%\}|-%\}\s*|%\})/g
const closers: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

/** nunjucks' lexer with Jinja2's rules: whitespace control, numbers, strings, and a `}}` that may close two dicts. */
export class JinjaLexer extends Base {
  /** The quote, tag or comment that ends the tag we are in. */
  #end: '%}' | '}}' = '}}'
  #inTag = false
  readonly #open: { char: string; at: number }[] = []
  #trim = false
  #lineStart = true
  #tagStart = 0

  override nextToken(): Positioned | null {
    while (!this.isFinished()) {
      const token = this.#inTag ? this.#code() : this.#data()
      if (token) return token
    }
    if (this.#inTag) this.#fail('the tag is not closed', this.#tagStart, `write ${this.#end} behind it`)
    return null
  }

  #fail(message: string, offset: number, hint?: string): never {
    throw new SyntaxMistake(message, offset, hint)
  }

  #token(type: string, value: string, length = value.length): Positioned {
    const token = { type, value, lineno: this.lineno, colno: this.colno, offset: this.index }
    this.index += length
    return token
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.index
    return pattern.exec(this.str)?.[0]
  }

  /** Text up to the next tag, trimmed as the tags around it say; the tag's start when there is no text before it. */
  #data(): Positioned | undefined {
    const tag = /\{[{%#]/g
    tag.lastIndex = this.index
    const start = tag.exec(this.str)?.index ?? this.len
    if (start > this.index) return this.#text(start)
    const kind = this.str[start + 1]
    if (kind === '#') return this.#comment()
    const raw = this.#match(rawStart)
    if (raw !== undefined) return this.#raw(raw)
    const sign = /[-+]/.test(this.str[start + 2] ?? '') ? 1 : 0
    this.#inTag = true
    this.#tagStart = start
    this.#end = kind === '{' ? '}}' : '%}'
    const type = kind === '{' ? nunjucks.TOKEN_VARIABLE_START : nunjucks.TOKEN_BLOCK_START
    return this.#token(type, this.str.slice(start, start + 2), 2 + sign)
  }

  #text(end: number): Positioned | undefined {
    const from = this.index
    const raw = this.str.slice(from, end)
    let body = raw
    if (this.#trim) body = body.trimStart()
    if (end < this.len) body = this.#beforeTag(body, end)
    this.#trim = false
    this.#lineStart = false
    if (body === '') {
      this.index = end
      return undefined
    }
    return this.#token(nunjucks.TOKEN_DATA, body, raw.length)
  }

  #beforeTag(body: string, tag: number): string {
    const sign = this.str[tag + 2]
    if (sign === '-') return body.trimEnd()
    if (!this.lstripBlocks || sign === '+' || this.str[tag + 1] === '{') return body
    const line = body.lastIndexOf('\n') + 1
    if (line === 0 && !this.#lineStart) return body
    return /^\s+$/.test(body.slice(line)) ? body.slice(0, line) : body
  }

  #comment(): undefined {
    const start = this.index
    const end = this.str.indexOf('#}', start + 2)
    if (end < 0) this.#fail('the comment is not closed', start, 'write #} behind it')
    this.index = end + 2
    this.#afterTag(this.str[end - 1] ?? '')
  }

  /** What a closing tag does to the text behind it; `sign` is the character before its delimiter. */
  #afterTag(sign: string): void {
    this.#lineStart = false
    if (sign === '-') this.#trim = true
    else if (this.trimBlocks && sign !== '+' && this.str[this.index] === '\n') {
      this.index++
      this.#lineStart = true
    }
  }

  #raw(opening: string): Positioned | undefined {
    const start = this.index
    this.index += opening.length
    rawEnd.lastIndex = this.index
    const close = rawEnd.exec(this.str)
    if (!close) this.#fail('the raw block is not closed', start, 'write {% endraw %} behind it')
    let body = this.str.slice(this.index, close.index)
    const isLine = opening.endsWith('\n')
    if (close[1] === '-') body = body.trimEnd()
    else if (this.lstripBlocks && close[1] !== '+') {
      const line = body.lastIndexOf('\n') + 1
      if ((line > 0 || isLine) && /^\s+$/.test(body.slice(line))) body = body.slice(0, line)
    }
    const token = body === '' ? undefined : this.#token(nunjucks.TOKEN_DATA, body, 0)
    this.index = close.index + close[0].length
    this.#lineStart = close[0].endsWith('\n')
    if (close[2] === '%}') this.#afterTag('')
    return token
  }

  #code(): Positioned | undefined {
    const blank = this.#match(/\s+/y)
    if (blank !== undefined) {
      this.index += blank.length
      return undefined
    }
    if (this.#open.length === 0) {
      const end = this.#closing()
      if (end) return end
    }
    return this.#number() ?? this.#word() ?? this.#string() ?? this.#operator()
  }

  #closing(): Positioned | undefined {
    const sign = /^[-+]/.test(this.str.slice(this.index, this.index + 1)) ? this.str[this.index]! : ''
    if (!this.str.startsWith(this.#end, this.index + sign.length)) return undefined
    if (sign === '+' && this.#end === '}}') return undefined
    const type = this.#end === '}}' ? nunjucks.TOKEN_VARIABLE_END : nunjucks.TOKEN_BLOCK_END
    const token = this.#token(type, this.#end, this.#end.length + sign.length)
    this.#inTag = false
    if (this.#end === '%}') this.#afterTag(sign)
    else {
      this.#trim = sign === '-'
      this.#lineStart = false
    }
    return token
  }

  #number(): Positioned | undefined {
    const isIndex = this.str[this.index - 1] === '.'
    const float = isIndex ? undefined : this.#match(real)
    if (float !== undefined) return this.#token(nunjucks.TOKEN_FLOAT, float)
    const whole = this.#match(int)
    return whole === undefined ? undefined : this.#token(nunjucks.TOKEN_INT, whole)
  }

  #word(): Positioned | undefined {
    const name = this.#match(word)
    return name === undefined ? undefined : this.#token(nunjucks.TOKEN_SYMBOL, name)
  }

  #string(): Positioned | undefined {
    const quoted = this.#match(text)
    return quoted === undefined ? undefined : this.#token(nunjucks.TOKEN_STRING, quoted)
  }

  #operator(): Positioned {
    const operator = this.#match(operators)
    const char = this.str[this.index]!
    if (operator === undefined) {
      if (/['"]/.test(char)) this.#fail('the string is not closed', this.index, `write ${char} behind it`)
      this.#fail(`unexpected character '${char}'`, this.index)
    }
    if (closers[operator]) this.#open.push({ char: operator, at: this.index })
    if (/[)\]}]/.test(operator)) {
      const last = this.#open.pop()
      if (!last) this.#fail(`unexpected '${operator}'`, this.index)
      const wanted = closers[last.char]!
      if (wanted !== operator) this.#fail(`unexpected '${operator}', expected '${wanted}'`, this.index)
    }
    return this.#token(nunjucks.TOKEN_OPERATOR, operator)
  }
}
