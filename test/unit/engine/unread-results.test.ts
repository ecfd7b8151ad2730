import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { play, type RunOptions, runText } from './harness.ts'

describe('what nobody reads of a result', function () {
  this.timeout(60_000)
  let folder: string
  const called = (): string => join(folder, 'called')

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'virtfleet-unread-'))
    writeFileSync(join(folder, 'full'), 'full\n')
    // file(1), which says when it was asked.
    writeFileSync(join(folder, 'file'), `#!/bin/sh\n: >>${called()}\necho 'text/x-told; charset=us-told'\n`)
    chmodSync(join(folder, 'file'), 0o755)
  })
  after(() => rmSync(folder, { recursive: true }))

  const statOf = (more = ''): string =>
    `- stat: path=${folder}/full\n  register: found\n  environment: {PATH: "${folder}:/usr/bin:/bin"}\n${more}`

  /** What debug says, and whether file(1) was asked. */
  async function asked(more: string, options: RunOptions = {}): Promise<[unknown, boolean]> {
    rmSync(called(), { force: true })
    const ran = await runText(play(statOf(more)), { showsResults: false, ...options })
    expect(ran.exitCode).to.equal(0)
    return [ran.messages('h1').at(-1), existsSync(called())]
  }

  const other = '- debug: msg="{{ found.stat.size }} {{ found.stat.exists }}"'

  it('is not found out', async () => {
    expect(await asked(other)).to.deep.equal(['5 True', false])
  })

  it('is found out where a text reads it', async () => {
    const text = '- debug: msg="{{ found.stat.mimetype }} {{ found.stat.charset }}"'
    expect(await asked(text)).to.deep.equal(['text/x-told us-told', true])
    expect((await asked('- debug: msg="{{ found.stat | length }}"'))[1]).to.equal(true)
  })

  it('is found out where results are shown, as they are unless somebody says otherwise', async () => {
    expect(await asked(other, { showsResults: true })).to.deep.equal(['5 True', true])
    rmSync(called())
    await runText(play(statOf()))
    expect(existsSync(called())).to.equal(true)
  })

  it('is found out where the task may fail, which shows all of it', async () => {
    const failing = statOf('  failed_when: found.stat.size == 0\n')
    rmSync(called(), { force: true })
    await runText(play(failing), { showsResults: false })
    expect(existsSync(called())).to.equal(true)
  })
})
