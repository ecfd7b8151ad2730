import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { type CodeUse, codeUsesOf, readCodeUses } from './diagnostic-codes.ts'
import { ROOT } from './imports.ts'

/** Files whose codes are made while the program runs, and which these can be. */
const COMPUTED: Readonly<Record<string, readonly string[]>> = {
  // The code of a VaultError.
  'core/inventory/document.ts': ['vault-format', 'vault-password', 'vault-no-password'],
  // `unknown-${kind}`
  'core/playbook/validate.ts': ['unknown-filter', 'unknown-test', 'unknown-lookup'],
}

const page = readFileSync(join(ROOT, 'docs/diagnostics.md'), 'utf8')

/** The rows of the page's tables: code, meaning, what to do. */
const rows = [...page.matchAll(/^\| `([^`]+)` \|(.*)\|$/gm)].map(([, code = '', rest = '']) => ({
  code,
  cells: rest.split(/(?<!\\)\|/).map((cell) => cell.trim()),
}))

const codesOf = ({ codes, file }: CodeUse): readonly string[] => codes ?? COMPUTED[file] ?? []

describe('docs/diagnostics.md', () => {
  let uses: CodeUse[] = []
  before(function () {
    this.timeout(30_000)
    uses = readCodeUses()
  })

  it('is compared with what the program says', () => {
    expect(uses.length).to.be.greaterThan(80)
    expect(
      uses.filter((use) => codesOf(use).length === 0).map(({ where }) => `${where}: name its codes in COMPUTED`),
    ).to.deep.equal([])
    const wrong = uses.flatMap((use) =>
      codesOf(use)
        .filter((code) => !/^[a-z]+(-[a-z]+)*$/.test(code))
        .map((code) => `${use.where}: ${code}`),
    )
    expect(wrong, 'codes are words in lower case, joined by dashes').to.deep.equal([])
    const dead = Object.keys(COMPUTED).filter(
      (file) => !uses.some((use) => use.file === file && use.codes === undefined),
    )
    expect(dead, 'files of COMPUTED that compute no code').to.deep.equal([])
  })

  it('has every code', () => {
    const known = new Set(rows.map(({ code }) => code))
    const missing = uses.flatMap((use) =>
      codesOf(use)
        .filter((code) => !known.has(code))
        .map((code) => `${code} (${use.where})`),
    )
    expect(missing).to.deep.equal([])
  })

  it('has no code that the program does not say', () => {
    const said = new Set(uses.flatMap(codesOf))
    expect(rows.map(({ code }) => code).filter((code) => !said.has(code))).to.deep.equal([])
  })

  it('has each code once, in order, with its meaning and what to do', () => {
    const sections = page.split(/^## /m).slice(1)
    for (const section of sections) {
      const codes = [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, code]) => code)
      expect(codes).to.deep.equal([...codes].sort())
    }
    const codes = rows.map(({ code }) => code)
    expect(codes).to.deep.equal([...new Set(codes)])
    expect(rows.filter(({ cells }) => cells.length !== 2 || cells.some((cell) => cell === ''))).to.deep.equal([])
  })
})

describe('diagnostic codes', () => {
  const codes = (text: string) => codeUsesOf(text).map((use) => use.codes)
  const errorAt =
    "export function errorAt(code: string, message: string) { return { severity: 'error', code, message } }\n"

  it('are found in calls and in objects', () => {
    expect(codes(`${errorAt}errorAt('a-b', 'text'); const d = { severity: 'warning', code: 'c-d' }`)).to.deep.equal([
      ['a-b'],
      ['c-d'],
    ])
  })

  it('are found through functions that take a code, and in choices and tables', () => {
    const wrapper = 'const warn = (place: number, code: string) => errorAt(code, place)\n'
    expect(codes(`${errorAt}${wrapper}warn(1, yes ? 'a' : 'b')`)).to.deep.equal([['a', 'b']])
    expect(codes(`${errorAt}const table = { A: 'a', B: 'b' }; errorAt(table[x], '')`)).to.deep.equal([['a', 'b']])
  })

  it('that are computed are not overlooked', () => {
    expect(codes(`${errorAt}errorAt(\`unknown-\${kind}\`, '')`)).to.deep.equal([undefined])
    expect(codes(`${errorAt}const code = other(); errorAt(code, '')`)).to.deep.equal([undefined])
  })

  it('are not what else is called code', () => {
    expect(codes(`fail({ code: 'ENOENT' }); exit('x')`)).to.deep.equal([])
  })
})
