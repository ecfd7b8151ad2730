import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { expect } from 'chai'
import { loadPlaybook, validatePlaybook } from '../../../core/playbook/index.ts'
import { builtinModules as registry } from '../../../modules/index.ts'
import { commandMistake } from './command-line.ts'
import { listedAsMissing, readPage } from './page.ts'
import { SECTIONS } from './sections.ts'
import { hasTitle } from './titles.ts'

const ROOT = join(import.meta.dirname, '../../..')
const HEAD = ['- hosts: all', '  tasks:']

describe('docs/coverage.md', () => {
  const operations = readPage()
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coverage-'))
  })
  after(() => rm(folder, { recursive: true }))

  /** Mistakes of tasks, each with the number of its operation. */
  async function mistakes(tasks: readonly { readonly number: string; readonly task: string }[]): Promise<string[]> {
    const file = join(folder, 'play.yml')
    await writeFile(file, `${[...HEAD, ...tasks.map(({ task }) => `    - ${task}`)].join('\n')}\n`)
    const { playbook, diagnostics } = await loadPlaybook(file, { registry })
    const all = [...diagnostics, ...(playbook ? await validatePlaybook(playbook, { registry }) : [])]
    return all
      .filter(({ code }) => code !== 'missing-file')
      .map(({ at, message }) => `${tasks[(at?.line ?? 0) - HEAD.length - 1]?.number}: ${message}`)
  }

  it('has every section of the guides, and no operation less than it had', () => {
    const counts = new Map<string, number>()
    for (const { section } of operations) counts.set(section, (counts.get(section) ?? 0) + 1)
    expect([...counts.keys()]).to.deep.equal(SECTIONS.map(([section]) => section))
    const lost = SECTIONS.filter(([section, least]) => (counts.get(section) ?? 0) < least)
    expect(lost).to.deep.equal([])
  })

  it('numbers the operations of each guide without a gap', () => {
    const wanted = new Map<string, number>()
    for (const { number } of operations) {
      const [guide = '', index] = number.split('.')
      wanted.set(guide, (wanted.get(guide) ?? 0) + 1)
      expect(index).to.equal(String(wanted.get(guide)))
    }
  })

  it('says of each operation how it is done, or that it is not', () => {
    const silent = operations.filter(
      ({ way, tasks, commands, playbooks }) =>
        tasks.length + commands.length + playbooks.length === 0 && !way.startsWith('**outside**'),
    )
    expect(silent.map(({ number }) => number)).to.deep.equal([])
  })

  it('lists what is not there yet', () => {
    const missing = operations.filter(({ way }) => way.includes('**not yet**')).map(({ number }) => number)
    expect(listedAsMissing().sort()).to.deep.equal(missing.sort())
  })

  it('proves what is done', () => {
    const unproven = operations.filter(
      ({ way, proof, proofs }) =>
        proofs.length === 0 && !/^\*\*(?:not yet|outside)\*\*/.test(way) && !proof.startsWith('no test yet'),
    )
    expect(unproven.map(({ number }) => number)).to.deep.equal([])
  })

  it('names tests that there are', () => {
    const wrong = operations.flatMap(({ number, proofs }) =>
      proofs
        .filter(({ file, title }) => {
          const path = join(ROOT, 'docs', file)
          return !existsSync(path) || !isRun(path) || !hasTitle(readFileSync(path, 'utf8'), title)
        })
        .map(({ file, title }) => `${number} ${file}: ${title}`),
    )
    expect(wrong).to.deep.equal([])
  })

  it('has tasks that their modules take', async () => {
    const tasks = operations.flatMap(({ number, tasks: own }) => own.map((task) => ({ number, task })))
    expect(tasks.length).to.be.greaterThan(100)
    expect(await mistakes(tasks)).to.deep.equal([])
  })

  it('has commands that the command line takes, and playbooks that there are', () => {
    const wrong = operations.flatMap(({ number, commands, playbooks }) => [
      ...commands.flatMap((line) => commandMistake(line) ?? []).map((mistake) => `${number}: ${mistake}`),
      ...playbooks.filter((path) => !existsSync(join(ROOT, path))).map((path) => `${number}: no ${path}`),
    ])
    expect(wrong).to.deep.equal([])
  })

  describe('is found wrong', () => {
    const tasks: [string, RegExp][] = [
      ['libvirt_domian: {name: a}', /libvirt_domian/],
      ['libvirt_domain: {nme: a}', /no argument 'nme'/],
      ['libvirt_domain: {name: a, state: off}', /state/],
      ['libvirt_domain: {name: a, disks: [{source: /a}]}', /target/],
    ]
    for (const [task, said] of tasks)
      it(`with ${task}`, async () => expect((await mistakes([{ number: '1.1', task }])).join()).to.match(said))

    for (const line of ['virtfleet vm strat a', 'virtfleet vm start', 'virtfleet vm start a --fast', 'virtfleet fly'])
      it(`with ${line}`, () => expect(commandMistake(line)).to.be.a('string'))

    const source =
      "it('is a', () => {})\nfor (const a of ['x', 'two words']) it(`is ${a}, or so`, () => {})\nit(`${a}`, f)"
    for (const title of ['is', 'is a b', 'is y, or so', 'x', ', or so'])
      it(`with the title ${title}`, () => expect(hasTitle(source, title)).to.equal(false))
    for (const title of ['is a', 'is x, or so', 'is two words, or so'])
      it(`not with the title ${title}`, () => expect(hasTitle(source, title)).to.equal(true))

    it('with a cell too many', () => expect(() => readPage('| 1.1 | a | b | c | d | e |')).to.throw('five cells'))
  })
})

/** Whether mocha comes to a file: it is a test file, or the one named as its folder imports it. */
function isRun(path: string): boolean {
  if (path.endsWith('.test.ts')) return true
  const parent = `${dirname(path)}.test.ts`
  return existsSync(parent) && readFileSync(parent, 'utf8').includes(`/${basename(dirname(path))}/${basename(path)}'`)
}
