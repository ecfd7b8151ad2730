import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { API_RELEASES, RELEASE, RELEASES } from '../../contract/libvirt/releases.ts'
import { STAGES } from '../../stages.ts'

const ROOT = join(import.meta.dirname, '../../..')
const page = readFileSync(join(ROOT, 'docs/support.md'), 'utf8')
const scripts = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).scripts as Record<string, string>

/** Cells of the rows that name a release of the suites. */
const rows = page.split('\n').flatMap((line) => {
  const cells = line.split('|').map((cell) => cell.trim())
  const release = /`([\w-]+)`$/.exec(cells[1] ?? '')?.[1]
  return release === undefined ? [] : [{ release, cells: cells.slice(2, -1) }]
})

describe('docs/support.md', () => {
  it('has the releases that the suites are run on', () => {
    expect(rows.map(({ release }) => release)).to.deep.equal(Object.keys(RELEASES))
  })

  it('says of each what runs its suites', function () {
    // Under it the suites are those of that release alone, and the page is about all.
    if (process.env.VIRTFLEET_RELEASE) this.skip()
    const full = STAGES.find((stage) => stage.name === 'releases')
    for (const { release, cells } of rows) {
      const [, , , api, modules, machines] = cells
      const ordinary = API_RELEASES.some((one) => one === release)
      expect(api, release).to.equal(ordinary ? '`npm test`' : '`npm run test:full`')
      const own = release === RELEASE
      expect(modules, release).to.equal(own ? '`npm test`' : '`npm run test:full`')
      expect(machines, release).to.equal(own ? '`npm test`' : 'no')
      const lane = full?.mocha?.lanes.find(({ env }) => env?.VIRTFLEET_RELEASE === release)
      expect(lane === undefined, release).to.equal(own)
    }
  })

  it('names commands and files that there are', () => {
    for (const [, name = ''] of page.matchAll(/npm (?:run )?(test[:\w]*)/g)) expect(scripts).to.have.property(name)
    for (const [path] of page.matchAll(/\btest\/[\w/.-]+\w/g)) expect(existsSync(join(ROOT, path)), path).to.equal(true)
    for (const [, path = ''] of page.matchAll(/\]\(([\w./-]+)\)/g))
      expect(existsSync(join(ROOT, 'docs', path)), path).to.equal(true)
  })
})
