import { expect } from 'chai'
import { findStart, isSelected, listPlaybook, loadPlaybook } from '../../../core/playbook/index.ts'
import { goldenFolder, registry } from './golden.ts'

describe('tags', () => {
  const table: [step: string, tags: string, skip: string, runs: boolean][] = [
    ['', '', '', true],
    ['a', '', '', true],
    ['a', 'a', '', true],
    ['a', 'b', '', false],
    ['', 'a', '', false],
    ['a,b', 'b', '', true],
    ['a', 'tagged', '', true],
    ['', 'tagged', '', false],
    ['', 'untagged', '', true],
    ['a', 'untagged', '', false],
    ['always', 'b', '', true],
    ['always,a', 'b', '', true],
    ['never', '', '', false],
    ['never', 'all', '', false],
    ['never,a', '', '', false],
    ['never,a', 'a', '', true],
    ['never', 'never', '', true],
    ['never,a', 'tagged', '', false],
    ['a', '', 'a', false],
    ['a', 'a', 'a', false],
    ['b', '', 'a', true],
    ['a', '', 'tagged', false],
    ['', '', 'tagged', true],
    ['', '', 'untagged', false],
    ['a', '', 'all', false],
    ['always', '', 'all', true],
    ['always', '', 'always', false],
    ['always', '', 'all,always', false],
  ]
  const list = (text: string): string[] => (text === '' ? [] : text.split(','))
  for (const [step, tags, skip, runs] of table) {
    it(`[${step}] with --tags '${tags}' --skip-tags '${skip}' ${runs ? 'runs' : 'does not run'}`, () => {
      expect(isSelected(list(step), { tags: list(tags), skipTags: list(skip) })).to.equal(runs)
    })
  }
})

describe('listing and starting', () => {
  it('lists what tags select, and finds where to start', async () => {
    const { playbook } = await loadPlaybook(`${goldenFolder}/good/site.yml`, { registry })
    const listed = listPlaybook(playbook!, { tags: ['web'] })
    expect(listed.map((play) => play.tasks.map((task) => task.name))).to.deep.equal([[], ['ping', 'web task', 'inner']])
    expect(listed[1]!.taskTags).to.deep.equal(['a', 'always', 'b', 'c', 'web'])
    const { plays } = playbook!
    const inner = findStart(plays, 'inner')
    expect(inner?.kind).to.equal('task')
    expect(findStart(plays, inner!.id)).to.equal(inner)
    expect(findStart(plays, 'web : web*')?.role?.name).to.equal('web')
    expect(findStart(plays, 'none')).to.equal(undefined)
  })
})
