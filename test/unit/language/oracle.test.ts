import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Answer, ask, askJinja, type Case, corpusScope } from './oracle/oracle.ts'

const folder = join(import.meta.dirname, 'oracle')

const expressions = readFileSync(join(folder, 'expressions.txt'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('# '))
const templates = readFileSync(join(folder, 'templates.txt'), 'utf8').split('\n====\n')

/** What is meant to differ from Jinja2, and why. */
const differences = new Map(
  readFileSync(join(folder, 'differences.txt'), 'utf8')
    .split('\n')
    .filter((line) => line.includes(' ## '))
    .map((line) => line.split(' ## ') as [string, string]),
)

describe('jinja2 as oracle', () => {
  const cases: Case[] = [
    ...expressions.map((source): Case => ({ kind: 'expression', source })),
    ...templates.map((source): Case => ({ kind: 'template', source })),
  ]
  let answers: Answer[] = []
  const { scope, close } = corpusScope()

  before(() => {
    answers = askJinja(cases)
  })
  after(close)

  for (const [i, c] of cases.entries()) {
    it(`${c.kind}: ${JSON.stringify(c.source).slice(1, -1)}`, () => {
      const theirs = answers[i]!
      const ours = ask(c, scope)
      const isSame =
        'repr' in theirs ? 'repr' in ours && ours.repr === theirs.repr : 'error' in ours && ours.error === theirs.error
      if (differences.has(c.source)) expect(isSame, 'a difference that is none any more').to.equal(false)
      else if (!isSame) expect(ours).to.deep.equal(theirs)
    })
  }
})
