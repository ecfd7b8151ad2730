/* What virtfleet uses of nunjucks' lexer and parser; its published types cover only rendering. */

declare module 'nunjucks/src/lexer.js' {
  export interface Token {
    type: string
    value: string
    lineno: number
    colno: number
  }

  export interface Tokenizer {
    str: string
    index: number
    len: number
    lineno: number
    colno: number
    trimBlocks: boolean
    lstripBlocks: boolean
    tags: Record<string, string>
    nextToken(): Token | null
    forwardN(n: number): void
    isFinished(): boolean
    currentStr(): string
  }

  interface Lexer {
    lex(source: string, options?: { trimBlocks?: boolean; lstripBlocks?: boolean }): Tokenizer
    TOKEN_STRING: 'string'
    TOKEN_DATA: 'data'
    TOKEN_BLOCK_START: 'block-start'
    TOKEN_BLOCK_END: 'block-end'
    TOKEN_VARIABLE_START: 'variable-start'
    TOKEN_VARIABLE_END: 'variable-end'
    TOKEN_OPERATOR: 'operator'
    TOKEN_INT: 'int'
    TOKEN_FLOAT: 'float'
    TOKEN_SYMBOL: 'symbol'
  }
  const lexer: Lexer
  export default lexer
}

declare module 'nunjucks/src/parser.js' {
  import type { Token, Tokenizer } from 'nunjucks/src/lexer.js'

  export class Parser {
    constructor(tokens: Tokenizer)
    tokens: Tokenizer
    nextToken(withWhitespace?: boolean): Token | null
    peekToken(): Token | null
    pushToken(token: Token | null): void
    skip(type: string): boolean
    skipValue(type: string, value: string): boolean
    skipSymbol(value: string): boolean
    expect(type: string): Token
    error(message: string, lineno?: number, colno?: number): Error
    fail(message: string, lineno?: number, colno?: number): never
  }
  const parser: { Parser: typeof Parser }
  export default parser
}
