import nunjucks from 'nunjucks/src/lexer.js'
import { describe } from './cursor.ts'
import { OperandParser } from './operand-parser.ts'
import type { BinaryOperator, CompareOperator, Expression } from './tree.ts'

const compareOperators = new Set<string>(['==', '!=', '<', '<=', '>', '>='])

/** The operators of Jinja2, in its order of precedence, over the operands. */
export class ExpressionParser extends OperandParser {
  /** `a if b else c`; without conditionals where an `if` belongs to the statement. */
  override parseExpression(conditional = true): Expression {
    return this.nested(() => this.#parseConditional(conditional))
  }

  #parseConditional(conditional: boolean): Expression {
    let node = this.#parseOr()
    while (conditional && this.peekWord('if')) {
      const at = this.offset
      this.nextToken()
      const test = this.#parseOr()
      const otherwise = this.skipWord('else') ? this.parseExpression() : undefined
      node = { kind: 'conditional', at, test, value: node, otherwise }
    }
    return node
  }

  /** Expressions with commas between them make a tuple. */
  override parseTuple(conditional = true): Expression {
    const at = this.offset
    const first = this.parseExpression(conditional)
    if (!this.peekOperator(',')) return first
    const items = [first]
    while (this.skipOperator(',')) {
      if (this.#atTupleEnd()) break
      items.push(this.parseExpression(conditional))
    }
    return { kind: 'tuple', at, items }
  }

  #atTupleEnd(): boolean {
    const token = this.peekToken()
    if (!token || token.type === nunjucks.TOKEN_BLOCK_END || token.type === nunjucks.TOKEN_VARIABLE_END) return true
    return this.peekOperator(')') || this.peekWord('recursive')
  }

  #parseOr(): Expression {
    let left = this.#parseAnd()
    while (this.peekWord('or')) {
      const at = this.offset
      this.nextToken()
      left = { kind: 'or', at, left, right: this.#parseAnd() }
    }
    return left
  }

  #parseAnd(): Expression {
    let left = this.#parseNot()
    while (this.peekWord('and')) {
      const at = this.offset
      this.nextToken()
      left = { kind: 'and', at, left, right: this.#parseNot() }
    }
    return left
  }

  #parseNot(): Expression {
    const at = this.offset
    if (!this.skipWord('not')) return this.#parseCompare()
    return this.nested(() => ({ kind: 'not', at, operand: this.#parseNot() }))
  }

  #parseCompare(): Expression {
    const first = this.#parseSum()
    const rest: { operator: CompareOperator; at: number; operand: Expression }[] = []
    for (;;) {
      const at = this.offset
      const operator = this.#compareOperator()
      if (!operator) break
      rest.push({ operator, at, operand: this.#parseSum() })
    }
    return rest.length > 0 ? { kind: 'compare', at: rest[0]!.at, first, rest } : first
  }

  #compareOperator(): CompareOperator | undefined {
    const token = this.peekToken()
    if (token?.type === nunjucks.TOKEN_OPERATOR && compareOperators.has(token.value)) {
      this.nextToken()
      return token.value as CompareOperator
    }
    if (this.skipWord('in')) return 'in'
    if (!this.peekWord('not')) return undefined
    this.nextToken()
    if (!this.skipWord('in')) this.fail(`expected 'in' after 'not', got ${describe(this.peekToken())}`)
    return 'not in'
  }

  #parseSum(): Expression {
    return this.#parseBinary(['+', '-'], () => this.#parseConcat())
  }

  #parseConcat(): Expression {
    const at = this.offset
    const parts = [this.#parseProduct()]
    while (this.skipOperator('~')) parts.push(this.#parseProduct())
    return parts.length > 1 ? { kind: 'concat', at, parts } : parts[0]!
  }

  #parseProduct(): Expression {
    return this.#parseBinary(['*', '/', '//', '%'], () => this.#parsePower())
  }

  #parsePower(): Expression {
    return this.#parseBinary(['**'], () => this.parseOperand())
  }

  #parseBinary(operators: readonly BinaryOperator[], operand: () => Expression): Expression {
    let left = operand()
    for (;;) {
      const at = this.offset
      const operator = operators.find((o) => this.skipOperator(o))
      if (!operator) return left
      left = { kind: 'binary', at, operator, left, right: operand() }
    }
  }
}
