import { expect } from 'chai'
import fc from 'fast-check'
import { ask, askJinja, type Case, corpusScope } from './oracle/oracle.ts'

/** Random expressions over ints, floats, texts, lists and the corpus' variables, put to jinja2 in one batch. */
const { expression } = fc.letrec<{ expression: string; list: string; leaf: string }>((tie) => ({
  leaf: fc.oneof(
    fc.integer({ min: -20, max: 20 }).map((n) => (n < 0 ? `(${n})` : String(n))),
    fc.constantFrom(
      '2.5',
      '0.5',
      '1e2',
      '10.0',
      '123456789012345678901',
      "'a'",
      "'ab c'",
      "''",
      '"é"',
      'true',
      'false',
      'none',
    ),
    fc.constantFrom(
      'n',
      'f',
      's',
      'l',
      'le',
      'ls',
      'd',
      'nested',
      'zero',
      'empty',
      'big',
      'nope',
      'd.a',
      'd.b',
      'l[0]',
      'users[0].name',
    ),
  ),
  list: fc.array(tie('expression'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
  expression: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    tie('leaf'),
    fc
      .tuple(tie('expression'), fc.constantFrom('+', '-', '*', '/', '//', '%', '~'), tie('expression'))
      .map(([a, op, b]) => `${a} ${op} ${b}`),
    fc
      .tuple(tie('expression'), fc.constantFrom('==', '!=', '<', '<=', '>', '>=', 'in', 'not in'), tie('expression'))
      .map(([a, op, b]) => `${a} ${op} ${b}`),
    fc.tuple(tie('expression'), fc.constantFrom('and', 'or'), tie('expression')).map(([a, op, b]) => `${a} ${op} ${b}`),
    tie('expression').map((a) => `(not ${a})`),
    tie('expression').map((a) => `(${a})`),
    tie('expression').map((a) => `-(${a})`),
    tie('list'),
    fc.tuple(fc.constantFrom('l', 'nested', 'ls', 's'), fc.integer({ min: -2, max: 1 })).map(([l, i]) => `${l}[${i}]`),
    fc
      .tuple(tie('list'), fc.option(fc.integer({ min: -4, max: 4 })), fc.option(fc.integer({ min: -4, max: 4 })))
      .map(([l, a, b]) => `${l}[${a ?? ''}:${b ?? ''}]`),
    fc.tuple(tie('expression'), tie('expression'), tie('expression')).map(([a, b, c]) => `${a} if ${b} else ${c}`),
    fc.tuple(fc.constantFrom('1', "'a'", 'none', 's', '2.5'), tie('expression')).map(([k, v]) => `{${k}: ${v}}`),
  ),
}))

/**
 * Infinity cannot be written in jinja2's Python; it multiplies an empty list by no big int; it writes out lists with
 * what is undefined, and formats with it.
 */
function isPeculiar(answer: string): boolean {
  return /(?:inf|nan)\b|OverflowError|Undefined/.test(answer)
}

describe('random expressions against jinja2', () => {
  it('have the same values and errors', () => {
    const seed = Date.now()
    const cases = fc.sample(expression, { numRuns: 1000, seed }).map((source): Case => ({ kind: 'expression', source }))
    const answers = askJinja(cases)
    const { scope, close } = corpusScope()
    const differences = cases
      .map((c, i) => ({ source: c.source, ours: ask(c, scope), theirs: answers[i]! }))
      .filter(({ source, ours, theirs }) => {
        if (isPeculiar(JSON.stringify(theirs)) || /[[{%].*nope/.test(source)) return false
        if ('repr' in theirs) return !('repr' in ours) || ours.repr !== theirs.repr
        return !('error' in ours) || (ours.error !== theirs.error && !source.includes('nope'))
      })
    close()
    expect(differences.slice(0, 20), `seed ${seed}`).to.deep.equal([])
  })
})
