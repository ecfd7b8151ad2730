import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { loadInventory } from '../../../core/inventory/index.ts'
import { type Diagnostic, renderDiagnostic, Template } from '../../../core/language/index.ts'
import { allSteps, loadInclude, loadPlaybook, validatePlaybook } from '../../../core/playbook/index.ts'
import { expectGolden, goldenFolder, registry } from './golden.ts'

const broken = `${goldenFolder}/broken`
const good = `${goldenFolder}/good`

async function mistakes(file: string): Promise<Diagnostic[]> {
  const { inventory } = await loadInventory(['h1,'])
  const { playbook, diagnostics } = await loadPlaybook(file, { registry })
  return [...diagnostics, ...(playbook ? await validatePlaybook(playbook, { registry, inventory }) : [])]
}

describe('mistakes in a playbook', () => {
  for (const name of ['site', 'arguments', 'notify', 'tabs', 'mapping', 'empty', 'absent']) {
    it(`${name}.yml: all are shown at once, with places and hints`, async () => {
      const found = await mistakes(`${broken}/${name}.yml`)
      const text = found.map((d) => renderDiagnostic(d, readOrNothing)).join('\n')
      expectGolden(`${broken}/${name}.txt`, `${text.replaceAll(`${process.cwd()}/`, '')}\n`)
    })
  }

  it('are none in a good one', async () => {
    const found = await mistakes(`${good}/site.yml`)
    expect(found.filter((d) => d.severity === 'error' && d.code !== 'undefined-variable')).to.deep.equal([])
  })
})

describe('the tree of a playbook', () => {
  it('has imports, roles, blocks and keywords resolved', async () => {
    const { playbook } = await loadPlaybook(`${good}/site.yml`, { registry })
    const text = JSON.stringify(playbook, plain, 1).replaceAll(`${process.cwd()}/`, '')
    expectGolden(`${good}/site.json`, `${text}\n`)
  })

  it('gives each step an id of its own, the same in every reading', async () => {
    const read = async () => {
      const { playbook } = await loadPlaybook(`${good}/site.yml`, { registry })
      return playbook!.plays.flatMap((play) => [...allSteps(play)].map((step) => step.id))
    }
    const ids = await read()
    expect(new Set(ids).size).to.equal(ids.length)
    expect(await read()).to.deep.equal(ids)
  })

  it('loads what an include names: a role with its parts, tasks with what apply gives', async () => {
    const { playbook } = await loadPlaybook(`${good}/site.yml`, { registry })
    const includes = [...allSteps(playbook!.plays[1]!)].filter((step) => step.kind === 'include')
    const role = await loadInclude(includes[0]!, 'web', { registry })
    expect(role.diagnostics).to.deep.equal([])
    expect(role.role?.name).to.equal('web')
    expect(role.steps.map((step) => step.role?.name)).to.deep.equal(['base', 'web'])
    expect(role.handlers).to.have.length(1)
    const tasks = await loadInclude(includes[1]!, 'tasks/more.yml', { registry })
    expect(tasks.steps[0]).to.deep.include({ tags: ['z'], become: true, when: [] })
    expect(tasks.steps[0]!.id.startsWith(`${includes[1]!.id}>`)).to.equal(true)
    const missing = await loadInclude(includes[1]!, 'tasks/none.yml', { registry })
    expect(missing.diagnostics.map((d) => d.code)).to.deep.equal(['missing-file'])
  })
})

/** Maps as objects, templates and conditions by their text. */
function plain(key: string, value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value)
  if (value instanceof Template) return `template ${value.at.line}:${value.at.column} ${value.source}`
  if (key === 'at' && value) return undefined
  if (value && typeof value === 'object' && 'evaluate' in value && 'at' in value) {
    const { file, line, column } = value.at as { file: string; line: number; column: number }
    return `condition at ${file}:${line}:${column}`
  }
  if (Array.isArray(value) && value.length === 0) return undefined
  return value
}

function readOrNothing(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
