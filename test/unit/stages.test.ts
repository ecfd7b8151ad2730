import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect } from 'chai'
import { STAGES } from '../stages.ts'

const root = join(import.meta.dirname, '../..')

function testsBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(folder, name))
}

const regexOf = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .replace(/[.]/g, '\\.')
      .replaceAll('**/', '(.*/)?')
      .replaceAll(/(?<!\.)\*(?!\))/g, '[^/]*')}$`,
  )

describe('the stages of npm test', () => {
  it('run every test once', () => {
    const ordinary = STAGES.filter((stage) => !stage.full).flatMap((stage) => stage.mocha?.lanes ?? [])
    const globs = ordinary.flatMap((lane) => lane.files).map(regexOf)
    for (const folder of ['test/unit', 'test/contract', 'test/acceptance']) {
      for (const file of testsBelow(folder)) {
        expect(globs.filter((glob) => glob.test(relative('', file))).length, file).to.equal(1)
      }
    }
  })
})
