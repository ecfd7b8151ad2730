import nunjucks from 'nunjucks/src/lexer.js'
import { didYouMean } from '../suggest.ts'
import { ExpressionParser } from './expression-parser.ts'
import { SyntaxMistake } from './syntax-error.ts'
import type { Body, BodyFilter, Call, Expression, For, Name, Parameter, Statement, Target } from './tree.ts'

const maxDepth = 100

/** The statements of Jinja2, with `do`, `break` and `continue` as Ansible has them. */
export class TemplateParser extends ExpressionParser {
  #depth = 0
  readonly #open: { tag: string; at: number }[] = []
  readonly #tags: Readonly<Record<string, (at: number) => Statement>> = {
    if: (at) => this.#if(at),
    for: (at) => this.#for(at),
    set: (at) => this.#set(at),
    macro: (at) => this.#macro(at),
    call: (at) => this.#callBlock(at),
    filter: (at) => this.#filterBlock(at),
    include: (at) => this.#include(at),
    import: (at) => this.#import(at),
    from: (at) => this.#from(at),
    extends: (at) => this.#leaf({ kind: 'extends', at, template: this.parseExpression() }),
    block: (at) => this.#block(at),
    with: (at) => this.#with(at),
    do: (at) => this.#leaf({ kind: 'do', at, expression: this.parseTuple() }),
    break: (at) => this.#leaf({ kind: 'break', at }),
    continue: (at) => this.#leaf({ kind: 'continue', at }),
    autoescape: (at) => this.#autoescape(at),
  }

  parseTemplate(): Body {
    return this.#statements([])
  }

  /** A bare expression, as in `when:`, that the lexer reads between `{{` and `}}`. */
  parseWhole(): Expression {
    this.expect(nunjucks.TOKEN_VARIABLE_START)
    const node = this.parseExpression()
    this.expect(nunjucks.TOKEN_VARIABLE_END)
    return node
  }

  /** Statements up to one of the tags, whose name is then the next token; or up to the end of the template. */
  #statements(until: readonly string[]): Body {
    const body: Statement[] = []
    if (++this.#depth > maxDepth) this.fail('blocks are nested too deep')
    for (;;) {
      const at = this.offset
      const token = this.nextToken()
      if (!token) break
      if (token.type === nunjucks.TOKEN_DATA) body.push({ kind: 'text', at, text: token.value })
      else if (token.type === nunjucks.TOKEN_VARIABLE_START) {
        const start = this.offset
        body.push({ kind: 'output', at: start, expression: this.parseTuple() })
        this.expect(nunjucks.TOKEN_VARIABLE_END)
      } else {
        const tag = this.peekToken()
        if (tag?.type === nunjucks.TOKEN_SYMBOL && until.includes(tag.value)) {
          this.#depth--
          return body
        }
        body.push(this.#statement())
      }
    }
    const open = this.#open.at(-1)
    if (open)
      throw new SyntaxMistake(`{% ${open.tag} %} is not closed`, open.at, `write {% ${until.at(-1)} %} behind it`)
    this.#depth--
    return body
  }

  #statement(): Statement {
    const at = this.offset
    const tag = this.parseWord()
    const parse = Object.hasOwn(this.#tags, tag) ? this.#tags[tag] : undefined
    if (parse) return parse(at)
    const open = this.#open.at(-1)
    if (tag.startsWith('end') || tag === 'else' || tag === 'elif') {
      const hint = open ? `{% ${open.tag} %} is still open` : 'nothing is open here'
      throw new SyntaxMistake(`unexpected {% ${tag} %}`, at, hint)
    }
    const close = didYouMean(tag, [...Object.keys(this.#tags), 'raw', ...(open ? [`end${open.tag}`] : [])])
    throw new SyntaxMistake(`unknown tag {% ${tag} %}`, at, close && `did you mean {% ${close} %}?`)
  }

  #leaf(statement: Statement): Statement {
    this.expect(nunjucks.TOKEN_BLOCK_END)
    return statement
  }

  /** The body of a tag that is already read up to its end; the closing tag's name is read too. */
  #body(tag: string, at: number, until: readonly string[]): Body {
    this.expect(nunjucks.TOKEN_BLOCK_END)
    this.#open.push({ tag, at })
    const body = this.#statements(until)
    this.#open.pop()
    return body
  }

  #closed(tag: string, at: number): Body {
    const body = this.#body(tag, at, [`end${tag}`])
    this.parseWord()
    this.expect(nunjucks.TOKEN_BLOCK_END)
    return body
  }

  #if(at: number): Statement {
    const branches: { test: Expression; body: Body }[] = []
    let otherwise: Body = []
    for (;;) {
      const test = this.parseTuple(false)
      branches.push({ test, body: this.#body('if', at, ['elif', 'else', 'endif']) })
      const tag = this.parseWord()
      if (tag === 'elif') continue
      if (tag === 'else') {
        otherwise = this.#body('if', at, ['endif'])
        this.parseWord()
      }
      this.expect(nunjucks.TOKEN_BLOCK_END)
      return { kind: 'if', at, branches, otherwise }
    }
  }

  #for(at: number): For {
    const target = this.#target(false)
    if (!this.skipWord('in')) this.fail("expected 'in'")
    const iterable = this.parseTuple(false)
    const condition = this.skipWord('if') ? this.parseExpression() : undefined
    const recursive = this.skipWord('recursive')
    const body = this.#body('for', at, ['else', 'endfor'])
    let otherwise: Body = []
    if (this.parseWord() === 'else') {
      otherwise = this.#body('for', at, ['endfor'])
      this.parseWord()
    }
    this.expect(nunjucks.TOKEN_BLOCK_END)
    return { kind: 'for', at, target, iterable, condition, recursive, body, otherwise }
  }

  /** `a`, `a, b`, `(a, b), c`; in `set` also `ns.a`. */
  #target(fields: boolean): Target {
    const at = this.offset
    const first = this.#oneTarget(fields)
    if (!this.peekOperator(',')) return first
    const items = [first]
    while (this.skipOperator(',')) {
      if (this.peekWord('in') || this.peekOperator('=') || this.peekOperator(')')) break
      items.push(this.#oneTarget(fields))
    }
    return { kind: 'targets', at, items }
  }

  #oneTarget(fields: boolean): Target {
    const at = this.offset
    if (this.skipOperator('(')) {
      const inner = this.#target(fields)
      this.expect(nunjucks.TOKEN_OPERATOR, ')')
      return inner.kind === 'targets' ? inner : { kind: 'targets', at, items: [inner] }
    }
    const name = this.parseWord()
    if (/^(true|false|none)$/i.test(name)) throw new SyntaxMistake(`cannot assign to ${name}`, at)
    if (fields && this.skipOperator('.')) return { kind: 'field', at, name, field: this.parseWord() }
    return { kind: 'name', at, name }
  }

  #set(at: number): Statement {
    const target = this.#target(true)
    if (this.skipOperator('=')) return this.#leaf({ kind: 'set', at, target, value: this.parseTuple() })
    const filters = this.#bodyFilters()
    return { kind: 'capture', at, target, filters, body: this.#closed('set', at) }
  }

  #bodyFilters(): BodyFilter[] {
    const filters: BodyFilter[] = []
    while (this.skipOperator('|')) filters.push(this.parseFilterCall())
    return filters
  }

  #parameters(): Parameter[] {
    const parameters: Parameter[] = []
    this.expect(nunjucks.TOKEN_OPERATOR, '(')
    while (!this.skipOperator(')')) {
      if (parameters.length > 0) this.expect(nunjucks.TOKEN_OPERATOR, ',')
      const at = this.offset
      const name = this.parseWord()
      const fallback = this.skipOperator('=') ? this.parseExpression() : undefined
      if (!fallback && parameters.at(-1)?.fallback) this.fail('a parameter without a default after one with a default')
      parameters.push({ name, at, fallback })
    }
    return parameters
  }

  #macro(at: number): Statement {
    const name = this.parseWord()
    const parameters = this.#parameters()
    return { kind: 'macro', at, name, parameters, body: this.#closed('macro', at) }
  }

  #callBlock(at: number): Statement {
    const parameters = this.peekOperator('(') ? this.#parameters() : []
    const call = this.parseExpression()
    if (call.kind !== 'call') throw new SyntaxMistake('expected the call of a macro', at)
    return { kind: 'call-block', at, call: call satisfies Call, parameters, body: this.#closed('call', at) }
  }

  #filterBlock(at: number): Statement {
    const filters: BodyFilter[] = [this.parseFilterCall(), ...this.#bodyFilters()]
    return { kind: 'filter-block', at, filters, body: this.#closed('filter', at) }
  }

  #context(otherwise: boolean): boolean {
    const isWith = this.peekWord('with')
    if (!isWith && !this.peekWord('without')) return otherwise
    this.nextToken()
    if (!this.skipWord('context')) this.fail("expected 'context'")
    return isWith
  }

  #include(at: number): Statement {
    const template = this.parseExpression()
    const ignoreMissing = this.skipWord('ignore')
    if (ignoreMissing && !this.skipWord('missing')) this.fail("expected 'missing'")
    return this.#leaf({ kind: 'include', at, template, ignoreMissing, withContext: this.#context(true) })
  }

  #import(at: number): Statement {
    const template = this.parseExpression()
    if (!this.skipWord('as')) this.fail("expected 'as'")
    const name = this.parseWord()
    return this.#leaf({ kind: 'import', at, template, name, withContext: this.#context(false) })
  }

  #from(at: number): Statement {
    const template = this.parseExpression()
    if (!this.skipWord('import')) this.fail("expected 'import'")
    const names: [string, string][] = []
    let withContext: boolean | undefined
    do {
      if (names.length > 0 && this.peekToken()?.type === nunjucks.TOKEN_BLOCK_END) break
      const name = this.parseWord()
      if (name.startsWith('_')) this.fail('names that begin with an underscore cannot be imported')
      names.push([name, this.skipWord('as') ? this.parseWord() : name])
      withContext = this.peekWord('with') || this.peekWord('without') ? this.#context(false) : withContext
    } while (this.skipOperator(','))
    return this.#leaf({ kind: 'from', at, template, names, withContext: withContext ?? false })
  }

  #block(at: number): Statement {
    const name = this.parseWord()
    const scoped = this.skipWord('scoped')
    const required = this.skipWord('required')
    const body = this.#body('block', at, ['endblock'])
    this.parseWord()
    this.skipWord(name)
    this.expect(nunjucks.TOKEN_BLOCK_END)
    return { kind: 'block', at, name, scoped, required, body }
  }

  #with(at: number): Statement {
    const pairs: [Name | Target, Expression][] = []
    while (this.peekToken()?.type !== nunjucks.TOKEN_BLOCK_END) {
      if (pairs.length > 0) this.expect(nunjucks.TOKEN_OPERATOR, ',')
      const target = this.#oneTarget(false)
      this.expect(nunjucks.TOKEN_OPERATOR, '=')
      pairs.push([target, this.parseExpression()])
    }
    return { kind: 'with', at, pairs, body: this.#closed('with', at) }
  }

  /** Text is never escaped, so only the block's scope remains of it. */
  #autoescape(at: number): Statement {
    this.parseExpression()
    return { kind: 'scope', at, body: this.#closed('autoescape', at) }
  }
}
