import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { allSteps, loadPlaybook } from '../../../core/playbook/index.ts'
import { builtinModules as registry } from '../../../modules/index.ts'

describe('uses of a role', () => {
  const folder = mkdtempSync(join(tmpdir(), 'virtfleet-roles-'))
  before(() => {
    mkdirSync(join(folder, 'roles/r/tasks'), { recursive: true })
    writeFileSync(join(folder, 'roles/r/tasks/main.yml'), '- debug: msg="{{ p }}"\n')
  })
  after(() => rmSync(folder, { recursive: true }))

  const cases: readonly [first: string, second: string, tasks: number][] = [
    ['one', 'one', 1],
    ['one', 'two', 2],
    ['"{{ a }}"', '"{{ a }}"', 1],
    ['"{{ a }}"', '"{{ b }}"', 2],
    ['["{{ a }}"]', '["{{ b }}"]', 2],
    ['{k: [1]}', '{k: [2]}', 2],
    ['{k: [1]}', '{k: [1]}', 1],
    ['1', '"1"', 2],
  ]
  for (const [first, second, tasks] of cases)
    it(`with ${first} and ${second} are ${tasks === 1 ? 'one' : 'two'}`, async () => {
      const file = join(folder, 'play.yml')
      const uses = [first, second].map((p) => `    - {role: r, vars: {p: ${p}}}\n`).join('')
      writeFileSync(file, `- hosts: all\n  roles:\n${uses}`)
      const { playbook, diagnostics } = await loadPlaybook(file, { registry })
      expect(diagnostics.map((one) => one.message)).to.deep.equal([])
      expect([...allSteps(playbook!.plays[0]!)]).to.have.lengthOf(tasks)
    })
})
