import nunjucks from 'nunjucks/src/lexer.js'
import type { Value } from '../values.ts'
import { describe, TokenCursor } from './cursor.ts'
import { floatOf, intOf } from './numbers.ts'
import { literalText } from './strings.ts'
import { SyntaxMistake } from './syntax-error.ts'
import type { Arguments, Expression } from './tree.ts'

const constants = new Map<string, Value>([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
])
const noArguments: Arguments = { positional: [], named: [], rest: undefined, keywords: undefined }
/** Words that cannot begin the bare argument of a test. */
const afterTest = new Set(['else', 'or', 'and', 'is', 'if', 'in', 'not', 'recursive'])

/** Names, literals and what follows them: members, subscripts, calls, filters, tests. */
export abstract class OperandParser extends TokenCursor {
  abstract parseExpression(conditional?: boolean): Expression
  abstract parseTuple(conditional?: boolean): Expression

  /** A sign binds closer than `**` and than a filter: `-1 | abs` is 1. */
  parseOperand(withFilters = true): Expression {
    const at = this.offset
    const kind = this.skipOperator('-') ? 'negative' : this.skipOperator('+') ? 'positive' : undefined
    let node = kind
      ? this.nested((): Expression => ({ kind, at, operand: this.parseOperand(false) }))
      : this.#parsePostfix(this.#parsePrimary())
    if (withFilters) node = this.#parseFiltersAndTests(this.#parsePostfix(node))
    return node
  }

  #parseFiltersAndTests(target: Expression): Expression {
    let node = target
    for (;;) {
      if (this.skipOperator('|')) node = { kind: 'filter', ...this.parseFilterCall(), target: node }
      else if (this.skipWord('is')) node = this.#parseTest(node)
      else if (this.peekOperator('('))
        node = { kind: 'call', at: this.offset, target: node, args: this.parseArguments() }
      else return node
    }
  }

  /** A filter's name and arguments, behind its `|`. */
  parseFilterCall(): { at: number; name: string; args: Arguments } {
    const at = this.offset
    const name = this.#dottedName()
    return { at, name, args: this.peekOperator('(') ? this.parseArguments() : noArguments }
  }

  #dottedName(): string {
    let name = this.parseWord()
    while (this.skipOperator('.')) name += `.${this.parseWord()}`
    return name
  }

  #parseTest(target: Expression): Expression {
    const isNegated = this.skipWord('not')
    const at = this.offset
    const name = this.#dottedName()
    const test: Expression = { kind: 'test', at, name, target, args: this.#testArguments() }
    return isNegated ? { kind: 'not', at, operand: test } : test
  }

  /** `is divisibleby 3` and `is divisibleby(3)`. */
  #testArguments(): Arguments {
    if (this.peekOperator('(')) return this.parseArguments()
    const token = this.peekToken()
    if (!token) return noArguments
    const isValue =
      (token.type === nunjucks.TOKEN_SYMBOL && !afterTest.has(token.value)) ||
      token.type === nunjucks.TOKEN_STRING ||
      token.type === nunjucks.TOKEN_INT ||
      token.type === nunjucks.TOKEN_FLOAT ||
      this.peekOperator('[') ||
      this.peekOperator('{')
    if (!isValue) return noArguments
    return { ...noArguments, positional: [this.#parsePostfix(this.#parsePrimary())] }
  }

  #parsePostfix(target: Expression): Expression {
    let node = target
    for (;;) {
      const at = this.offset
      if (this.skipOperator('.')) node = this.#parseMember(node)
      else if (this.skipOperator('[')) node = this.#parseSubscript(node, at)
      else if (this.peekOperator('(')) node = { kind: 'call', at, target: node, args: this.parseArguments() }
      else return node
    }
  }

  #parseMember(target: Expression): Expression {
    const at = this.offset
    const token = this.peekToken()
    if (token?.type === nunjucks.TOKEN_INT) {
      this.nextToken()
      return { kind: 'item', at, target, index: { kind: 'constant', at, value: intOf(token.value) } }
    }
    return { kind: 'attribute', at, target, name: this.parseWord() }
  }

  #parseSubscript(target: Expression, at: number): Expression {
    const items: Expression[] = []
    if (this.peekOperator(']')) this.fail('expected an index')
    let node: Expression | undefined
    const start = this.peekOperator(':') ? undefined : this.parseExpression()
    if (this.skipOperator(':')) {
      const bound = () => (this.peekOperator(':') || this.peekOperator(']') ? undefined : this.parseExpression())
      const stop = bound()
      const step = this.skipOperator(':') ? bound() : undefined
      node = { kind: 'slice', at, target, start, stop, step }
    } else if (start) {
      items.push(start)
      while (this.skipOperator(',')) items.push(this.parseExpression())
      node = { kind: 'item', at, target, index: items.length > 1 ? { kind: 'tuple', at, items } : start }
    }
    this.expect(nunjucks.TOKEN_OPERATOR, ']')
    return node!
  }

  /** Arguments in parentheses. */
  parseArguments(): Arguments {
    this.expect(nunjucks.TOKEN_OPERATOR, '(')
    const positional: Expression[] = []
    const named: [string, Expression][] = []
    let rest: Expression | undefined
    let keywords: Expression | undefined
    while (!this.skipOperator(')')) {
      if (positional.length + named.length > 0 || rest || keywords) {
        this.expect(nunjucks.TOKEN_OPERATOR, ',')
        if (this.skipOperator(')')) break
      }
      if (this.skipOperator('**')) keywords = this.parseExpression()
      else if (this.skipOperator('*')) rest = this.parseExpression()
      else {
        const value = this.parseExpression()
        if (value.kind === 'name' && this.skipOperator('=')) named.push([value.name, this.parseExpression()])
        else if (named.length > 0 || keywords) this.fail('a positional argument after a named one')
        else positional.push(value)
      }
    }
    return { positional, named, rest, keywords }
  }

  #parsePrimary(): Expression {
    const at = this.offset
    const token = this.nextToken()
    if (!token) this.fail('expected an expression, got the end of the template')
    switch (token.type) {
      case nunjucks.TOKEN_SYMBOL: {
        const value = constants.get(token.value)
        return value === undefined ? { kind: 'name', at, name: token.value } : { kind: 'constant', at, value }
      }
      case nunjucks.TOKEN_STRING: {
        let value = literalText(token.value.slice(1, -1))
        while (this.peekToken()?.type === nunjucks.TOKEN_STRING)
          value += literalText(this.nextToken()!.value.slice(1, -1))
        return { kind: 'constant', at, value }
      }
      case nunjucks.TOKEN_INT:
        return { kind: 'constant', at, value: intOf(token.value) }
      case nunjucks.TOKEN_FLOAT:
        return { kind: 'constant', at, value: floatOf(token.value) }
    }
    if (token.value === '(') return this.#parseParentheses(at)
    if (token.value === '[') return { kind: 'list', at, items: this.#parseItems(']') }
    if (token.value === '{') return { kind: 'dict', at, pairs: this.#parsePairs() }
    throw new SyntaxMistake(`expected an expression, got ${describe(token)}`, at)
  }

  #parseParentheses(at: number): Expression {
    if (this.skipOperator(')')) return { kind: 'tuple', at, items: [] }
    const node = this.parseTuple()
    this.expect(nunjucks.TOKEN_OPERATOR, ')')
    return node
  }

  #parseItems(close: string): Expression[] {
    const items: Expression[] = []
    while (!this.skipOperator(close)) {
      if (items.length > 0) {
        this.expect(nunjucks.TOKEN_OPERATOR, ',')
        if (this.skipOperator(close)) break
      }
      items.push(this.parseExpression())
    }
    return items
  }

  #parsePairs(): [Expression, Expression][] {
    const pairs: [Expression, Expression][] = []
    while (!this.skipOperator('}')) {
      if (pairs.length > 0) {
        this.expect(nunjucks.TOKEN_OPERATOR, ',')
        if (this.skipOperator('}')) break
      }
      const key = this.parseExpression()
      this.expect(nunjucks.TOKEN_OPERATOR, ':')
      pairs.push([key, this.parseExpression()])
    }
    return pairs
  }
}
