import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { play, type RunOptions, runText } from './harness.ts'

describe('what nobody reads of a result', function () {
  this.timeout(60_000)
  let folder: string
  const called = (tool = 'file'): string => join(folder, `called-${tool}`)

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'virtfleet-unread-'))
    writeFileSync(join(folder, 'full'), 'full\n')
    // file(1), which says when it was asked.
    writeFileSync(join(folder, 'file'), `#!/bin/sh\n: >>${called()}\necho 'text/x-told; charset=us-told'\n`)
    writeFileSync(join(folder, 'sha1sum'), `#!/bin/sh\n: >>${called('sha1sum')}\necho '${'a'.repeat(40)}  -'\n`)
    for (const tool of ['file', 'sha1sum']) chmodSync(join(folder, tool), 0o755)
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

  it('is found out by itself', async () => {
    for (const [part, tool] of [
      ['mimetype', 'file'],
      ['checksum', 'sha1sum'],
    ] as const) {
      for (const one of ['file', 'sha1sum']) rmSync(called(one), { force: true })
      const ran = await runText(play(statOf(`- debug: msg="{{ found.stat.${part} }}"`)), { showsResults: false })
      expect(ran.messages('h1').at(-1)).to.equal(part === 'checksum' ? 'a'.repeat(40) : 'text/x-told')
      expect(['file', 'sha1sum'].filter((one) => existsSync(called(one)))).to.deep.equal([tool])
    }
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
