import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  compileExpression,
  DiagnosticError,
  defaultEnvironment,
  repr,
  type Scope,
  UndefinedVariableError,
} from '../../../../core/language/index.ts'
import { Tuple, type Value } from '../../../../core/language/values.ts'

interface Answer {
  repr?: string
  error?: string
  text?: string
}

function read(name: string): string[] {
  const lines = readFileSync(join(import.meta.dirname, name), 'utf8').split('\n')
  return lines.filter((line) => line !== '' && !line.startsWith('# '))
}

/** What is meant to differ from ansible-core 2.14, and why. */
const differences = new Map(read('differences.txt').map((line) => line.split(' ## ') as [string, string]))

function ask(sources: readonly string[]): Answer[] {
  const { stdout, stderr, status } = spawnSync('/usr/bin/python3', [join(import.meta.dirname, 'calls.py')], {
    input: JSON.stringify({ sources }),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (status !== 0) throw new Error(`the oracle needs the Debian package ansible-core: ${stderr}`)
  return JSON.parse(stdout) as Answer[]
}

function ours(source: string): Answer {
  const scope: Scope = { get: () => undefined, names: () => [], environment: defaultEnvironment() }
  try {
    return { repr: repr(withoutNames(compileExpression(source, { file: 'x', line: 1, column: 1 }).evaluate(scope))) }
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    return { error: error instanceof UndefinedVariableError ? 'undefined' : 'other', text: error.message }
  }
}

/** The oracle's answers show a named tuple as a tuple. */
function withoutNames(value: Value): Value {
  return value instanceof Tuple ? new Tuple(value.items) : value
}

describe('filters, tests and methods against ansible-core', () => {
  const sources = read('calls.txt')
  let answers: Answer[] = []
  before(function () {
    this.timeout(30_000)
    answers = ask(sources)
  })
  for (const [i, source] of sources.entries()) {
    it(source, () => {
      const theirs = answers[i] ?? {}
      const answer = ours(source)
      const isSame = theirs.repr === answer.repr && (theirs.error === undefined) === (answer.error === undefined)
      if (differences.has(source)) expect(isSame, 'a difference that is none any more').to.equal(false)
      else if (!isSame) expect(answer).to.deep.equal(theirs)
    })
  }
})
