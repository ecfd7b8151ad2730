import nunjucks, { type Token } from 'nunjucks/src/lexer.js'
import parser from 'nunjucks/src/parser.js'
import type { JinjaLexer, Positioned } from './lexer.ts'
import { SyntaxMistake } from './syntax-error.ts'

const maxDepth = 300

/** nunjucks' parser as a cursor over tokens that knows offsets; the grammar is its subclasses'. */
export class TokenCursor extends parser.Parser {
  readonly #length: number
  #depth = 0

  constructor(lexer: JinjaLexer) {
    super(lexer)
    this.#length = lexer.len
  }

  /** Offset of the next token, or of the end. */
  get offset(): number {
    return offsetOf(this.peekToken()) ?? this.#length
  }

  override fail(message: string): never {
    throw new SyntaxMistake(message, this.offset)
  }

  override expect(type: string, value?: string): Token {
    const token = this.peekToken()
    if (!token || token.type !== type || (value !== undefined && token.value !== value)) {
      const wanted = value === undefined ? (names[type] ?? type) : `'${value}'`
      this.fail(`expected ${wanted}, got ${describe(token)}`)
    }
    this.nextToken()
    return token
  }

  /** A name, as text. */
  parseWord(): string {
    return this.expect(nunjucks.TOKEN_SYMBOL).value
  }

  skipOperator(value: string): boolean {
    return this.peekOperator(value) && this.nextToken() !== null
  }

  peekOperator(value: string): boolean {
    const token = this.peekToken()
    return token?.type === nunjucks.TOKEN_OPERATOR && token.value === value
  }

  peekWord(value: string): boolean {
    const token = this.peekToken()
    return token?.type === nunjucks.TOKEN_SYMBOL && token.value === value
  }

  skipWord(value: string): boolean {
    return this.peekWord(value) && this.nextToken() !== null
  }

  /** Runs a part of the grammar that may contain itself. */
  protected nested<T>(parse: () => T): T {
    if (++this.#depth > maxDepth) this.fail('the expression is nested too deep')
    const result = parse()
    this.#depth--
    return result
  }
}

const names: Readonly<Record<string, string>> = {
  'block-end': "'%}'",
  'variable-start': "'{{'",
  'variable-end': "'}}'",
  symbol: 'a name',
}

export function describe(token: Token | null): string {
  if (!token) return 'the end of the template'
  return token.type === nunjucks.TOKEN_DATA ? 'text' : `'${token.value.slice(0, 40)}'`
}

function offsetOf(token: Token | null): number | undefined {
  return token ? (token as Positioned).offset : undefined
}
