import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { factStore } from '../../../core/engine/host/fact-folder.ts'
import { runText } from './harness.ts'

const PLAY = '- hosts: h1\n  gather_facts: yes\n  tasks:\n    - debug: msg="{{ ansible_kernel }}"\n'

describe('facts kept between runs', () => {
  let folder: string
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'virtfleet-facts-')), 'facts')
  })
  afterEach(() => rmSync(join(folder, '..'), { recursive: true }))

  it('are read by the next run instead of the host, as long as they are young enough', async () => {
    const first = await runText(PLAY, { facts: { folder, age: 60_000 } })
    expect(first.exitCode).to.equal(0)
    const file = join(folder, 'h1')
    expect(statSync(file).mode & 0o777).to.equal(0o600)
    const kernel = String(first.messages('h1').at(-1))
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(kernel, 'a-kernel-that-was-kept'))
    const second = await runText(PLAY, { facts: { folder, age: 60_000 } })
    expect(second.messages('h1').at(-1)).to.equal('a-kernel-that-was-kept')
    const third = await runText(PLAY, { facts: { folder, age: 0 } })
    expect(third.messages('h1').at(-1)).to.equal(kernel)
    expect(readdirSync(folder)).to.deep.equal(['h1'])
  })

  it('are gathered anew where the file is no cache of facts', async () => {
    await runText(PLAY, { facts: { folder, age: 60_000 } })
    writeFileSync(join(folder, 'h1'), 'not JSON')
    const run = await runText(PLAY, { facts: { folder, age: 60_000 } })
    expect(run.exitCode).to.equal(0)
    expect(JSON.parse(readFileSync(join(folder, 'h1'), 'utf8'))).to.have.property('ansible_kernel')
  })

  it('stay in their folder, whatever a host is called, and never share a file', async () => {
    const names = ['../../etc/x', '..', '.', 'a/b', 'a%2fb', 'a b', 'ä']
    for (const name of names) await factStore({ folder, age: 1 }, name).save(name)
    expect(readdirSync(folder)).to.have.length(names.length)
    for (const name of names) expect((await factStore({ folder, age: 1 }, name).load())?.text).to.equal(name)
  })
})
